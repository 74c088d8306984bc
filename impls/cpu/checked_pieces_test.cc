#include "impls/cpu/checked_pieces.h"

#include <gtest/gtest.h>

#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

// Every kernel whose operator's first input has limits, on shapes of several pieces.
struct Subjects {
  MakeKernel make;
  Sizes sizes;
};

const std::vector<Subjects>& subjects() {
  static const std::vector<Subjects> all = {
      {onnx_pack_4bit, {{"n", 3 * kCheckedBytes + 34}}},
      {pack_plain_int32, {{"N", 33}, {"K", 1032}}},
      {pack_plain_int4, {{"N", 129}, {"K", 1026}}},
      {pack_q4gsw, {{"N", 257}, {"K", 1027}}},
      {pack_aten_int4, {{"N", 208}, {"K", 258}, {"isa", 0}}},
      {pack_aten_int4, {{"N", 208}, {"K", 258}, {"isa", 1}}},
      {nncf_compress_constants, {{"R", 128}, {"columns", 1030}}},
  };
  return all;
}

class CheckedPieces : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] const Subjects& subject() const { return subjects()[GetParam()]; }
};

TEST_P(CheckedPieces, CodesWithinTheirLimitsArePackedAsTheOracleSays) {
  for_each_target(subject().make, [&](Subject& kernel) {
    const Problem problem = problem_of(kernel.op(), subject().sizes, Data::exact);
    for (const int threads : {1, 3}) expect_right(kernel, problem, kernel.run(problem, threads), Data::exact);
  });
}

// The outputs must be untouched, whichever piece it is that holds the code.
TEST_P(CheckedPieces, OneCodeBeyondItsLimitsLeavesTheOutputUntouched) {
  const Builtin builtin("cpu." + best_target().name, "", subject().make(best_target()));
  const Op& op = op_named(builtin.abi()->op);
  const Problem legal = problem_of(op, subject().sizes, Data::exact);
  const std::int64_t count = legal.inputs[0].size();
  for (const std::int64_t place : {std::int64_t{0}, count / 2, count - 1}) {
    Problem illegal = legal;
    illegal.inputs[0].set(place, 100);
    for (const int threads : {1, 3}) {
      AbiCall call(op, illegal, Stage::run_without_prepare);
      call.call.threads = threads;
      EXPECT_EQ(builtin.abi()->run(builtin.abi(), &call.call, nullptr), PLUMB_BAD_ARGUMENT);
      EXPECT_TRUE(call.is_untouched()) << op.name << " at " << place << ", " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CheckedPieces, testing::Range(std::size_t{0}, subjects().size()),
                         [](const auto& info) { return std::to_string(info.param); });

// All that were measured with a check of their own say so, or values would go unchecked.
TEST(CheckedPieces, KernelsOfOperatorsWithoutLimitsDoNotClaimToCheckThem) {
  for (const MakeKernel make : kKernels) {
    const Kernel kernel = make(best_target());
    const Op& op = op_named(kernel.op);
    const bool has_limits = std::ranges::any_of(op.inputs, [](const Port& port) { return !port.high.empty(); });
    EXPECT_TRUE(has_limits || !kernel.checks_limits) << kernel.op;
  }
}

}  // namespace
}  // namespace plumb::cpu
