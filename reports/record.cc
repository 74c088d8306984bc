#include "reports/record.h"

#include <array>
#include <cstddef>

#include "reference/error.h"

namespace plumb {
namespace {

struct OutcomeRow {
  Outcome outcome;
  const char* word;
  bool wrong;
};

constexpr std::array kOutcomeRows = {
    OutcomeRow{Outcome::pass, "pass", false},  OutcomeRow{Outcome::fail, "fail", true},
    OutcomeRow{Outcome::crash, "crash", true}, OutcomeRow{Outcome::hang, "hang", true},
    OutcomeRow{Outcome::skip, "skip", false},  OutcomeRow{Outcome::xfail, "xfail", false},
    OutcomeRow{Outcome::flaky, "flaky", true}, OutcomeRow{Outcome::vacuous, "vacuous", false},
};

constexpr auto kOutcomes = [] {
  std::array<Outcome, kOutcomeRows.size()> outcomes{};
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] = kOutcomeRows[i].outcome;
  return outcomes;
}();

constexpr bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < kOutcomeRows.size(); ++i)
    if (static_cast<std::size_t>(kOutcomeRows[i].outcome) != i) return false;
  return static_cast<std::size_t>(Outcome::vacuous) + 1 == kOutcomeRows.size();
}
static_assert(rows_follow_the_enumeration(), "kOutcomeRows is indexed by the enumerator");

const OutcomeRow& row_of(Outcome outcome) {
  const auto index = static_cast<std::size_t>(outcome);
  PLUMB_CHECK(index < kOutcomeRows.size());
  return kOutcomeRows[index];
}

}  // namespace

std::span<const Outcome> all_outcomes() { return kOutcomes; }

const char* to_string(Outcome outcome) { return row_of(outcome).word; }

bool is_wrong(Outcome outcome) { return row_of(outcome).wrong; }

Outcome outcome_from_string(const std::string& word) {
  std::string known;
  for (const OutcomeRow& row : kOutcomeRows) {
    if (word == row.word) return row.outcome;
    known += (known.empty() ? "" : ", ") + std::string(row.word);
  }
  throw Error("outcome: expected one of " + known + "; got '" + word + "'");
}

}  // namespace plumb
