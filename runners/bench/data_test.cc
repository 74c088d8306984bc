#include "runners/bench/data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "runners/bench/cases.h"

namespace plumb::bench {
namespace {

TEST(BenchData, EveryInputIsLegalAndFull) {
  for (const BenchCase& planned : plan_bench({}, "*", {{2, 320, 512, 64}})) {  // more elements than are made afresh
    const Op& op = *planned.test_case.op;
    const Problem problem = bench_problem(op, planned.test_case.signature);
    EXPECT_NO_THROW(check_values(op, problem)) << op.name;
    std::vector<Offer> offers;
    for (const Tensor& input : problem.inputs) offers.push_back(offer_of(input));
    Sizes params;
    for (const Param& param : op.params) params[param.name] = problem.signature[param.name];
    EXPECT_NO_THROW((void)infer_signature(op, offers, params)) << op.name;
    for (const Tensor& input : problem.inputs) {
      if (input.size() < 1000) continue;
      const double last = input.at(input.size() - 1);
      EXPECT_TRUE(last != input.at(input.size() - 2) || last != input.at(input.size() - 3) ||
                  last != input.at(input.size() - 4) || last != input.at(input.size() - 5))
          << op.name << ": the end was not filled";
    }
  }
}

// Codes beyond the range that an operator quantises to are legal, but nobody has them.
TEST(BenchData, CodesAreInTheRangeOfTheirQuantiser) {
  const auto plan = plan_bench({}, "dequantize_tinygemm", {{2, 64, 256, 32}});
  const Problem problem = bench_problem(*plan[0].test_case.op, plan[0].test_case.signature);
  std::set<double> codes;
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) codes.insert(problem.inputs[0].at(i));
  EXPECT_EQ(codes.size(), 16U);
  EXPECT_EQ(*codes.begin(), 0);
  EXPECT_EQ(*codes.rbegin(), 15);
}

TEST(BenchData, IsTheSameEachTime) {
  const auto plan = plan_bench({}, "linear_q4gsw", {{2, 64, 256, 32}});
  const Problem a = bench_problem(*plan[0].test_case.op, plan[0].test_case.signature);
  const Problem b = bench_problem(*plan[0].test_case.op, plan[0].test_case.signature);
  for (std::size_t i = 0; i < a.inputs.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(a.inputs[i].bytes(), b.inputs[i].bytes())) << i;
  }
}

}  // namespace
}  // namespace plumb::bench
