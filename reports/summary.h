// What a run amounts to: counts per operator and implementation, the exit code, the headline.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb {

/// How many cases ended how.
struct Counts {
  std::array<std::int64_t, static_cast<std::size_t>(Outcome::vacuous) + 1> by_outcome{};

  [[nodiscard]] std::int64_t operator[](Outcome outcome) const;
  [[nodiscard]] std::int64_t cases() const;  ///< All outcomes together.
  [[nodiscard]] std::int64_t wrong() const;  ///< fail + crash + hang + flaky.
  void add(Outcome outcome);
};

/// One operator run by one implementation (or everything: `Summary::totals`).
struct Cell {
  Counts counts;
  /// Largest error/bound of the records that compared something; xfail is left out. NaN if any ratio is NaN: nothing is
  /// worse.
  std::optional<double> worst_ratio;
  double milliseconds = 0;
};

struct SkipReason {
  std::string reason;
  std::int64_t count = 0;
};

/// The operator x implementation matrix. Ops, impls and reasons stand in order of first appearance.
struct Summary {
  std::vector<std::string> ops;
  std::vector<std::string> impls;
  std::vector<Cell> cells;  ///< ops.size() x impls.size(), row-major; a cell without cases is a pair nobody ran.
  Cell totals;
  std::vector<SkipReason> skip_reasons;
  std::int64_t planned = 0;
  bool cut_short = false;  ///< Interrupted, or fewer records than planned.

  [[nodiscard]] const Cell& cell(std::size_t op, std::size_t impl) const;
};

[[nodiscard]] Summary summarize(const Run& run);

/// 0: all proved. 1: something failed, crashed, hung or was flaky. 2: nothing passed, a case was vacuous, or the run
/// was cut short. 1 goes before 2; skip and xfail are neutral.
[[nodiscard]] int exit_code(const Summary& summary);
[[nodiscard]] int exit_code(const Run& run);

/// The verdict in one line: "1,234 cases proved, 0 wrong", "3 of 1,237 cases wrong".
[[nodiscard]] std::string headline(const Summary& summary);

/// The non-zero counts of these outcomes: "2 fail, 1 crash"; empty if all are zero.
[[nodiscard]] std::string counts_text(const Counts& counts, const std::vector<Outcome>& outcomes);

}  // namespace plumb
