#include "reports/accuracy/record.h"

#include <gtest/gtest.h>

namespace plumb::accuracy {
namespace {

Run run_of(const std::vector<std::pair<Kind, Outcome>>& records) {
  Run run;
  for (const auto& [kind, outcome] : records) {
    run.records.emplace_back();
    run.records.back().kind = kind;
    run.records.back().outcome = outcome;
  }
  return run;
}

using enum Kind;

TEST(ExitCode, Is0WhereAllThatWasAskedForWasMeasured) {
  const std::pair<Kind, Outcome> first(original, Outcome::pass), scheme(quantisation, Outcome::pass);
  EXPECT_EQ(exit_code(run_of({first, scheme})), 0);
  EXPECT_EQ(exit_code(run_of({first, scheme, {implementation, Outcome::pass}})), 0);
  EXPECT_EQ(exit_code(run_of({first, scheme, {implementation, Outcome::pass}, {implementation, Outcome::skip}})), 0);
}

TEST(ExitCode, Is1WhereARecordIsWrong) {
  EXPECT_EQ(
      exit_code(run_of({{original, Outcome::pass}, {quantisation, Outcome::pass}, {implementation, Outcome::crash}})),
      1);
}

// Implementations were asked for, and none was measured, or none was judged.
TEST(ExitCode, Is2WhereNothingIsProved) {
  const std::pair<Kind, Outcome> first(original, Outcome::pass), scheme(quantisation, Outcome::pass);
  EXPECT_EQ(exit_code(run_of({})), 2);
  EXPECT_EQ(exit_code(run_of({first})), 2);
  EXPECT_EQ(exit_code(run_of({first, scheme, {implementation, Outcome::skip}, {implementation, Outcome::skip}})), 2);
  EXPECT_EQ(exit_code(run_of({first, scheme, {implementation, Outcome::vacuous}})), 2);
  EXPECT_EQ(exit_code(run_of({first, scheme, {implementation, Outcome::pass}, {implementation, Outcome::vacuous}})), 2);
  accuracy::Run stopped = run_of({first, scheme});
  stopped.info.interrupted = true;
  EXPECT_EQ(exit_code(stopped), 2);
}

}  // namespace
}  // namespace plumb::accuracy
