#include "runners/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>

#include "reference/error.h"
#include "runners/pipe.h"

namespace plumb {
namespace {

Step step(std::string name, std::function<Record()> judge) {
  return {"op", "impl", name, "again " + name, std::move(judge)};
}

Step passing(std::string name) {
  return step(std::move(name), [] { return Record(Outcome::pass, ""); });
}

SandboxOptions two_workers() { return {.workers = 2, .step_limit = std::chrono::milliseconds(10000)}; }

TEST(Sandbox, ReturnsRecordsInTheOrderOfTheSteps) {
  std::vector<Unit> units;
  for (int u = 0; u < 50; ++u) {
    Unit unit;
    for (int s = 0; s < 3; ++s) unit.steps.push_back(passing(std::to_string(3 * u + s)));
    units.push_back(std::move(unit));
  }
  const auto records = work_through(units, two_workers());
  ASSERT_EQ(records.size(), 150U);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].case_name, std::to_string(i));
    EXPECT_EQ(records[i].again, "again " + std::to_string(i));
    EXPECT_EQ(records[i].outcome, Outcome::pass);
  }
}

// The step that misbehaves stands between two good ones, whose verdicts must not be lost.
Record misbehave(std::function<Record()> judge, int limit_ms = 10000) {
  const std::vector<Unit> units = {{{passing("before"), step("bad", std::move(judge)), passing("after")}},
                                   {{passing("next unit")}}};
  SandboxOptions options = two_workers();
  options.step_limit = std::chrono::milliseconds(limit_ms);
  const auto records = work_through(units, options);
  EXPECT_EQ(records.size(), 4U);
  for (const std::size_t good : {0U, 2U, 3U}) EXPECT_EQ(records.at(good).outcome, Outcome::pass);
  EXPECT_EQ(records.at(1).case_name, "bad");
  return records.at(1);
}

TEST(Sandbox, MakesASignalACrash) {
  const Record record = misbehave([]() -> Record {
    std::signal(SIGTERM, SIG_DFL);
    std::raise(SIGTERM);
    std::abort();
  });
  EXPECT_EQ(record.outcome, Outcome::crash);
  EXPECT_NE(record.reason.find("SIGTERM"), std::string::npos) << record.reason;
}

TEST(Sandbox, MakesExitACrashEvenWithStatusZero) {
  const Record record = misbehave([]() -> Record { _exit(0); });
  EXPECT_EQ(record.outcome, Outcome::crash);
  EXPECT_EQ(record.reason, "ended its process with exit code 0");
}

// What dies between steps is no verdict on the next one: another worker judges it.
TEST(Sandbox, ADeathBetweenStepsIsNoVerdict) {
  const auto once = std::make_shared<Pipe>();
  (void)!write(once->write_end(), "x", 1);
  const int fd = once->read_end();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  const auto die_once = [fd] {
    char byte = 0;
    if (read(fd, &byte, 1) == 1) _exit(7);
  };
  testing::internal::CaptureStderr();
  // Two questions that end every process, so that one is told from the other.
  const std::vector<Unit> units = {
      {{passing("a"), passing("b")}, die_once}, {{passing("c")}, [] { _exit(8); }}, {{passing("d")}, [] { _exit(9); }}};
  const auto records = work_through(units, two_workers());
  EXPECT_NE(testing::internal::GetCapturedStderr().find("before a, a worker process ended"), std::string::npos);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].outcome, Outcome::pass);
  EXPECT_EQ(records[1].outcome, Outcome::pass);
  EXPECT_EQ(records[2].outcome, Outcome::vacuous);
  EXPECT_EQ(records[3].outcome, Outcome::vacuous);
  EXPECT_NE(records[2].reason.find("exit code 8"), std::string::npos) << records[2].reason;
}

TEST(Sandbox, MakesAnEndlessLoopAHang) {
  const Record record = misbehave(
      []() -> Record {
        for (;;) pause();
      },
      300);
  EXPECT_EQ(record.outcome, Outcome::hang);
  EXPECT_EQ(record.reason, "did not return within 300 ms");
}

TEST(Sandbox, MakesAnErrorAFailure) {
  const Record record = misbehave([]() -> Record { throw Error("no such device"); });
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_EQ(record.reason, "no such device");
}

TEST(Sandbox, RunsFinishAfterEachUnitInTheWorker) {
  const auto shared = std::make_shared<int>(0);
  const auto count = [shared] { return Record(*shared == 0 ? Outcome::pass : Outcome::fail, std::to_string(*shared)); };
  std::vector<Unit> units;
  for (int u = 0; u < 10; ++u) {
    units.push_back({{step("first", count),
                      step("second", [shared] { return Record(++*shared == 1 ? Outcome::pass : Outcome::fail, ""); })},
                     {},
                     [shared] { *shared = 0; }});
  }
  for (const Record& record : work_through(units, two_workers())) EXPECT_EQ(record.outcome, Outcome::pass);
  EXPECT_EQ(*shared, 0) << "the parent's memory is not the worker's";
}

// Making the question is plumbline's own time.
TEST(Sandbox, DoesNotChargeTheQuestionToAStep) {
  SandboxOptions options = two_workers();
  options.step_limit = std::chrono::milliseconds(200);
  const std::vector<Unit> units = {{{passing("quick")}, [] { usleep(600'000); }}};
  EXPECT_EQ(work_through(units, options).at(0).outcome, Outcome::pass);
}

// Neither a failure of plumbline itself nor one in making the question is a verdict on an implementation.
TEST(Sandbox, ItsOwnFailuresAreNoVerdict) {
  const std::vector<Unit> units = {{{passing("a"), passing("b")}, [] { throw std::bad_alloc(); }},
                                   {{step("c", []() -> Record { throw std::logic_error("x"); }), passing("d")}}};
  for (const int workers : {0, 2}) {
    const auto records = work_through(units, {.workers = workers});
    ASSERT_EQ(records.size(), 4U);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(records[static_cast<std::size_t>(i)].outcome, Outcome::vacuous);
      EXPECT_TRUE(records[static_cast<std::size_t>(i)].reason.starts_with("not judged: plumb itself failed: "));
    }
    EXPECT_EQ(records[3].outcome, Outcome::pass);
  }
}

TEST(Sandbox, KeepsStdoutForTheReport) {
  const std::vector<Unit> units = {{{step("chatty", [] {
    (void)!write(STDOUT_FILENO, "kernel says hello\n", 18);
    return Record(Outcome::pass, "");
  })}}};
  testing::internal::CaptureStdout();
  (void)work_through(units, two_workers());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Sandbox, StopsEarlyWithWhatThereIs) {
  std::vector<Unit> units(100, Unit{{passing("x")}});
  int seen = 0;
  SandboxOptions options = two_workers();
  options.on_record = [&](const Record&) { ++seen; };
  options.should_stop = [&] { return seen >= 5; };
  const auto records = work_through(units, options);
  EXPECT_GE(records.size(), 5U);
  EXPECT_LT(records.size(), 100U);
  EXPECT_EQ(static_cast<int>(records.size()), seen);
}

TEST(Sandbox, WorksInThisProcessIfAsked) {
  const pid_t here = getpid();
  const std::vector<Unit> units = {
      {{step("here", [here] { return Record(getpid() == here ? Outcome::pass : Outcome::fail, ""); })}}};
  EXPECT_EQ(work_through(units, {.workers = 0}).at(0).outcome, Outcome::pass);
  EXPECT_EQ(work_through(units, {.workers = 1}).at(0).outcome, Outcome::fail);
}

}  // namespace
}  // namespace plumb
