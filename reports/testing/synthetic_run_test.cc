#include "reports/testing/synthetic_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace plumb {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Record passing_record(const std::string& op, const std::string& impl, int number) {
  const std::string name = op + "[N=3,K=96,group=32]/spread#" + std::to_string(number);
  Record record(Outcome::pass, "");
  record.op = op;
  record.impl = impl;
  record.case_name = name;
  record.worst = Worst{.port = "y", .index = {1, 5}, .got = 0.25, .want = 0.25001, .bound = 2.3e-5, .ratio = 0.43};
  record.elements = 288;
  record.milliseconds = 0.5;
  record.again = "plumb check '" + name + "' --impl " + impl;
  return record;
}

Record failing_record(const std::string& op, const std::string& impl, int number) {
  Record record = passing_record(op, impl, number);
  record.outcome = Outcome::fail;
  record.reason = "looks like: scale taken from group k / 64 instead of k / 32";
  record.worst = {.port = "y", .index = {2, 64}, .got = 0.4375, .want = 0.21875, .bound = 1.0681e-4, .ratio = 2048};
  record.wrong = 181;
  return record;
}

Record bare_record(Outcome outcome, const std::string& op, const std::string& impl, const std::string& reason) {
  Record record = passing_record(op, impl, 0);
  record.outcome = outcome;
  record.reason = reason;
  record.worst.reset();
  record.elements = 0;
  return record;
}

Run proved_run(int cases) {
  Run run;
  run.info = {.command = "plumb check",
              .version = "0.1.0",
              .started = "2026-08-14T09:12:44Z",
              .seconds = 12.5,
              .machine = "16 cores; avx2 scalar",
              .devices = {"llvmpipe"},
              .seed = 7,
              .planned = cases};
  for (int i = 0; i < cases; ++i)
    run.records.push_back(
        passing_record(i % 2 == 0 ? "linear_q4gsw" : "pack_uint4", i % 3 == 0 ? "cpu.scalar" : "cpu.avx2", i));
  return run;
}

Run hostile_run(int cases) {
  Run run = proved_run(cases);
  run.info.command = kHostileText;
  for (const Outcome outcome : all_outcomes()) {
    Record record = failing_record("linear_q4gsw", "cpu.avx2", static_cast<int>(run.records.size()));
    record.outcome = outcome;
    record.reason = kHostileText;
    run.records.push_back(record);
  }
  Record& special = run.records.back();
  special.outcome = Outcome::fail;
  special.op = special.impl = special.case_name = special.again = kHostileText;
  special.worst = {
      .port = kHostileText, .index = {}, .got = std::nan(""), .want = -kInfinity, .bound = -0.0, .ratio = kInfinity};
  run.records.push_back(bare_record(Outcome::vacuous, "pack_uint4", "cpu.scalar", "all codes are 8"));
  run.info.planned = static_cast<std::int64_t>(run.records.size());
  return run;
}

namespace {

TEST(SyntheticRun, HostileRunHasEveryOutcome) {
  std::set<Outcome> seen;
  for (const Record& record : hostile_run(4).records) seen.insert(record.outcome);
  EXPECT_EQ(seen.size(), all_outcomes().size());
}

}  // namespace
}  // namespace plumb
