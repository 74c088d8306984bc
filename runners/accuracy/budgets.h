// What a change of the model may cost, and comparison with an earlier run.
#pragma once

#include <optional>

#include "reports/accuracy/record.h"

namespace plumb::accuracy {

/// Limits that make a record wrong. They are held against the difference to the original model: of a scheme, and of
/// each implementation all in all.
struct Budgets {
  std::optional<double> most_increase = {};   ///< Of the perplexity; 0.01 = 1 %.
  std::optional<double> most_kl = {};         ///< Mean divergence.
  std::optional<double> least_same_top = {};  ///< Share of tokens; 0.99 = 99 %.

  [[nodiscard]] bool any() const { return most_increase || most_kl || least_same_top; }
};

/// Makes a measured record that exceeds a budget `fail`, with the reason.
void hold_to(const Budgets& budgets, Record& record);

/// Throws Error if the earlier run read another text, or windows of another length: nothing could be compared.
void check_comparable(const Run& baseline, std::uint64_t text_hash, std::int64_t window);

/// Fills in since_baseline of records that the earlier run has, too; where that is not within most_increase, also
/// because it cannot be known, the record is wrong. A note of the run names the records that the earlier one lacks.
void compare_with(const Run& baseline, const Budgets& budgets, Run& run);

}  // namespace plumb::accuracy
