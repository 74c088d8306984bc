// A case name rebuilds its case, and shrinking ends in one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sstream>

#include "property_tests/generate.h"
#include "reference/ops.h"
#include "reference/sanitized.h"

namespace plumb {
namespace {

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.present() == b.present() && a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::ranges::equal(a.bytes(), b.bytes());
}

RC_GTEST_PROP(CaseName, ReadsBackAsTheSameCase, ()) {
  const Case written = *arbitrary_case();
  const Case read = parse_case(to_string(written));
  RC_ASSERT(to_string(read) == to_string(written));
  RC_ASSERT(read.op == written.op);
  RC_ASSERT(read.signature.values == written.signature.values);
  RC_ASSERT(read.signature.leading == written.signature.leading);
  RC_ASSERT(read.mode == written.mode);
  RC_ASSERT(read.seed == written.seed);
}

RC_GTEST_PROP(CaseName, RebuildsTheDataBitForBit, ()) {
  const Case written = *arbitrary_case();
  const Problem original = make_problem(written), rebuilt = make_problem(parse_case(to_string(written)));
  RC_ASSERT(original.inputs.size() == written.op->inputs.size());
  RC_ASSERT(rebuilt.inputs.size() == original.inputs.size());
  for (std::size_t i = 0; i < original.inputs.size(); ++i) {
    RC_ASSERT(same_bytes(original.inputs[i], rebuilt.inputs[i]));
  }
}

// Properties draw operators at random: one that seldom has a legal case would end a run now and then.
TEST(CaseName, EveryOperatorHasCasesOfAllSizes) {
  for (const Op& op : all_ops()) {
    const rc::Gen<Case> cases = arbitrary_case(op);
    for (const int size : {0, 10, 100}) {
      for (std::uint64_t seed = 0; seed < (kSanitized ? 6 : 60); ++seed) {
        const Case drawn = cases(rc::Random(seed), size).value();
        EXPECT_TRUE(is_legal(op, drawn.signature.values)) << to_string(drawn);
      }
    }
  }
}

// What a counterexample can shrink to is again a case that `plumb check` accepts, and another one.
RC_GTEST_PROP(CaseName, ShrinksToCasesThatCanBeNamed, ()) {
  const Case test_case = *arbitrary_case();
  for (const Case& smaller : smaller_cases(test_case)) {
    RC_ASSERT(to_string(smaller) != to_string(test_case));
    RC_ASSERT(to_string(parse_case(to_string(smaller))) == to_string(smaller));
  }
}

// The last line of a failing property, for a claim that is false from K = 12 and N = 3 on.
TEST(CaseName, IsWhatAFailingPropertyShrinksTo) {
  const Op& op = op_named("linear_q4gsw");
  rc::detail::TestParams params;
  params.seed = 1;
  const auto claim = [&op] {
    const Case test_case = *arbitrary_case(op);
    RC_ASSERT(test_case.signature["K"] < 12 || test_case.signature["N"] < 3);
  };
  const auto result = rc::detail::checkTestable(claim, rc::detail::TestMetadata(), params);
  ASSERT_TRUE(result.is<rc::detail::FailureResult>());
  std::ostringstream shown;
  rc::show(result.get<rc::detail::FailureResult>().counterExample, shown);
  EXPECT_NE(shown.str().find("linear_q4gsw[M=0,K=12,N=3,group=1]/exact#0"), std::string::npos) << shown.str();
}

// Draws reach what planned sweeps do not list.
TEST(CaseName, IsDrawnFromAllThatIsLegal) {
  const Op& op = op_named("embedding_q4gsw");
  bool scalar_index = false, odd_group = false, half = false, wide_seed = false;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Case test_case = arbitrary_case(op)(rc::Random(seed), 100).value();
    EXPECT_TRUE(is_legal(op, test_case.signature.values)) << to_string(test_case);
    scalar_index |= test_case.signature["lead"] == 0;
    odd_group |= test_case.signature["group"] % 2 == 1 && test_case.signature["group"] > 7;
    half |= test_case.signature["out"] == static_cast<std::int64_t>(DType::f16);
    wide_seed |= test_case.seed > UINT32_MAX;
  }
  EXPECT_TRUE(scalar_index && odd_group && half && wide_seed);
}

}  // namespace
}  // namespace plumb
