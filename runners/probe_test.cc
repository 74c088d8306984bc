// Each probe is passed by a right implementation, and seen through by a wrong one that nothing else shows.
#include "runners/probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reference/error.h"
#include "reference/ops.h"
#include "runners/campaign.h"
#include "runners/plan.h"

namespace plumb {
namespace {

constexpr const char* kCase = "linear_q4gsw[M=3,K=64,N=17,group=32,bias]/bounded#7";

const plumb_impl& right() {
  static const std::vector<Subject> subjects = select_subjects(builtin_subjects(), "linear_q4gsw", "cpu.scalar");
  return *subjects.front().impl;
}

// A wrong implementation round the right one.
plumb_impl around_right() {
  plumb_impl impl = right();
  impl.name = "wrong";
  return impl;
}

Record judge(const plumb_impl& impl, const char* probe, const char* name = kCase) {
  const Case test_case = parse_case(std::string(name) + "+" + probe);
  return test_case.probe->judge({&impl, ""}, ask(test_case), test_case);
}

TEST(Probe, IsPassedByARightImplementation) {
  for (const Probe& probe : all_probes()) {
    const Record record = judge(right(), std::string(probe.name).c_str());
    EXPECT_EQ(record.outcome, Outcome::pass) << probe.name << ": " << record.reason;
    EXPECT_GT(record.elements, 0) << probe.name;
  }
}

std::vector<void*> all_prepared;

// Keeps one weight for all that prepare it: none is freed before the end, as the newest is everybody's.
TEST(Probe, SequenceSeesAWeightThatIsShared) {
  all_prepared.clear();
  plumb_impl impl = around_right();
  impl.prepare = [](const plumb_impl*, const plumb_call* call, void** prepared) {
    const plumb_status status = right().prepare(&right(), call, prepared);
    all_prepared.push_back(*prepared);
    return status;
  };
  impl.run = [](const plumb_impl*, const plumb_call* call, void*) {
    return right().run(&right(), call, all_prepared.back());
  };
  impl.release = nullptr;
  const Record record = judge(impl, "sequence");
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_NE(record.reason.find("(beside another weight)"), std::string::npos) << record.reason;
  EXPECT_EQ(judge(impl, "threads").outcome, Outcome::pass);
  for (void* const prepared : all_prepared) right().release(&right(), prepared);
}

std::int64_t most_rows = 0;

// Keeps scratch memory of the most rows that it saw, and computes as many of them.
TEST(Probe, SequenceSeesWhatALargerCallLeftBehind) {
  most_rows = 0;
  plumb_impl impl = around_right();
  impl.run = [](const plumb_impl*, const plumb_call* call, void* prepared) {
    const plumb_status status = right().run(&right(), call, prepared);
    const std::int64_t rows = call->inputs[0].shape[0];
    if (rows < most_rows) static_cast<float*>(call->outputs[0].data)[0] += 1;
    most_rows = std::max(most_rows, rows);
    return status;
  };
  const Record record = judge(impl, "sequence");
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_NE(record.reason.find("(after a call with many rows)"), std::string::npos) << record.reason;
}

TEST(Probe, SequenceSeesManyRowsOnAWeightPreparedForFew) {
  plumb_impl impl = around_right();
  impl.run = [](const plumb_impl*, const plumb_call* call, void* prepared) {
    const plumb_status status = right().run(&right(), call, prepared);
    if (call->inputs[0].shape[0] > 16) static_cast<float*>(call->outputs[0].data)[17 * 16] += 1;
    return status;
  };
  const Record record = judge(impl, "sequence");
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_NE(record.reason.find("many rows on the same weight: "), std::string::npos) << record.reason;
}

int calls = 0;

// The contract says deterministic.
TEST(Probe, ThreadsSeesBitsThatChangeFromCallToCall) {
  calls = 0;
  plumb_impl impl = around_right();
  impl.run = [](const plumb_impl*, const plumb_call* call, void* prepared) {
    const plumb_status status = right().run(&right(), call, prepared);
    auto* bits = static_cast<std::uint32_t*>(call->outputs[0].data);
    if (++calls % 2 == 0) bits[5] ^= 1U;  // a unit in the last place: within the bound
    return status;
  };
  const Record record = judge(impl, "threads");
  EXPECT_EQ(record.outcome, Outcome::flaky);
  EXPECT_EQ(record.reason,
            "other bits with 1 thread, again than with 1 thread, though the contract says deterministic");
}

TEST(Probe, OfCasesHasNames) {
  const std::string name = std::string(kCase) + "+threads";
  EXPECT_EQ(to_string(parse_case(name)), name);
  EXPECT_THROW((void)parse_case(std::string(kCase) + "+thread"), Error);
  EXPECT_THROW((void)parse_case("pack_uint4[n=34]/exact#3+sequence"), Error) << "no weight to prepare";
}

TEST(Probe, EveryOperatorIsProbedAndEveryLinearLayerForSequences) {
  EXPECT_EQ(free_size(op_named("linear_q4gsw")), "M");
  EXPECT_EQ(free_size(op_named("pack_uint4")), "n");
  for (const Op& op : all_ops()) {
    std::set<std::string_view> probes;
    for (const Case& test_case : plan_probes(plan_cases(op, 0))) probes.insert(test_case.probe->name);
    EXPECT_TRUE(probes.contains("threads") && probes.contains("alignment") && probes.contains("arguments")) << op.name;
    const bool is_layer = op.arithmetic == Arithmetic::accumulated && op.has_constants();
    EXPECT_TRUE(!is_layer || probes.contains("sequence")) << op.name;
  }
}

}  // namespace
}  // namespace plumb
