// The proved bound under attack: no honest contract may be broken by what a kernel may do, and for short sums the bound
// must not lie far above what kernels really do.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "property_tests/emulated_linear.h"
#include "property_tests/generate.h"
#include "reference/bound.h"
#include "reference/ops.h"
#include "reports/sentence.h"
#include "runners/judge.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWeights, kScales, kBias };

const Op& linear() { return op_named("linear_q4gsw"); }

// Values +-[1, 2) 2^e, e uniform in [low, low + width]; some are zero.
struct Magnitudes {
  int low, width;
};

void fill(Tensor& tensor, Magnitudes magnitudes, const Random& random) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    // Finite in the tensor's own type.
    const int highest = tensor.dtype() == DType::f16 ? 14 : 120;
    const int e =
        std::min(highest, static_cast<int>(random.integer(at, magnitudes.low, magnitudes.low + magnitudes.width)));
    const double value = std::ldexp(random.uniform(at, 1, 1, 1), e);
    const std::int64_t kind = random.integer(at, 0, 9, 2);
    tensor.set(i, kind == 0 ? 0 : kind % 2 == 0 ? -value : value);
  }
}

Problem make_wild_problem(const Case& test_case, Magnitudes x, Magnitudes scales, Magnitudes bias) {
  Problem problem = make_problem(test_case);
  fill(problem.inputs[kX], x, Random(test_case.seed, "wild x"));
  fill(problem.inputs[kScales], scales, Random(test_case.seed, "wild scales"));
  fill(problem.inputs[kBias], bias, Random(test_case.seed, "wild bias"));
  return problem;
}

constexpr int kManners = 5;  // tried on each problem

DType draw_float() { return *rc::gen::element(DType::f32, DType::f16, DType::bf16); }

Manner draw_manner() {
  using Scaling = Manner::Scaling;
  using Order = Manner::Order;
  const DType accumulator = draw_float();
  return {draw_float(),
          draw_float(),
          accumulator,
          *rc::gen::element(Scaling::dequantised_weight, Scaling::scaled_product, Scaling::scaled_group_sum),
          *rc::gen::element(Order::straight, Order::lanes, Order::random_tree),
          *rc::gen::inRange<std::size_t>(1, 20),
          *rc::gen::arbitrary<bool>(),
          *rc::gen::arbitrary<bool>(),
          *rc::gen::arbitrary<bool>()};
}

Judgement judge_emulation(const Problem& problem, const Emulation& emulation) {
  const Expected expected = linear().evaluate(problem);
  const std::vector<double> bound = bounds(linear(), problem.signature, emulation.contract, expected);
  return judge(linear().output, problem.signature, emulation.output, expected.value, bound, std::byte{0xFF});
}

void check_emulation(const Problem& problem, const Manner& manner, std::uint64_t seed) {
  const Judgement judgement = judge_emulation(problem, emulate_linear(problem, manner, Random(seed, "order")));
  if (judgement.wrong == 0) return;
  const Worst& worst = *judgement.worst;
  RC_LOG() << worst.port << "[" << index_text(worst.index, ',') << "]: got " << worst.got << ", want " << worst.want
           << ", bound " << worst.bound << "\n";
  RC_FAIL("an honest contract is broken");
}

RC_GTEST_PROP(BoundProperties, HoldsInAnyOrderBlockingAndFusion, ()) {
  const Case test_case = *arbitrary_case(linear());
  const Problem problem = make_problem(test_case);
  for (int i = 0; i < kManners; ++i) check_emulation(problem, *rc::gen::exec(draw_manner), test_case.seed);
}

void attack(Magnitudes x, Magnitudes scales, Magnitudes bias) {
  const Case test_case = *arbitrary_case(linear());
  const Problem problem = make_wild_problem(test_case, x, scales, bias);
  for (int i = 0; i < kManners; ++i) check_emulation(problem, *rc::gen::exec(draw_manner), test_case.seed);
}

RC_GTEST_PROP(BoundProperties, HoldsWhereMagnitudesDiffer, ()) {
  const int width = *rc::gen::inRange(0, 7);
  attack({-3, width}, {-3, width / 2}, {-3, width});
}

// Factors, products, sums and results below the normal range of any of the types.
RC_GTEST_PROP(BoundProperties, HoldsBelowTheNormalRange, ()) {
  const int width = *rc::gen::inRange(0, 20);
  attack({*rc::gen::element(-12, -24, -75, -150), width}, {*rc::gen::element(-4, -20, -60, -140), width / 2},
         {*rc::gen::element(-20, -130), width});
}

// Factors, products, sums and results beyond the largest finite value of any of the types.
RC_GTEST_PROP(BoundProperties, HoldsWhereIntermediatesOverflow, ()) {
  const int width = *rc::gen::inRange(0, 20);
  attack({*rc::gen::element(0, 6, 50, 100), width}, {*rc::gen::element(-60, -20, 4, 20), width / 2},
         {*rc::gen::element(0, 8, 100), width});
}

// The largest error/bound over many honest kernels on sums of at most `length` products.
double worst_ratio(DType accumulator, std::int64_t length) {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const Random random(seed, "tightness");
    const std::int64_t columns = random.integer(0, 1, length);
    const Case test_case{&linear(), make_signature(linear(), {{"M", 2}, {"K", columns}, {"N", 4}, {"group", 1}}),
                         &data_mode_named("bounded"), seed};
    const Manner manner{DType::f32,
                        DType::f32,
                        accumulator,
                        static_cast<Manner::Scaling>(random.integer(1, 0, 2)),
                        static_cast<Manner::Order>(random.integer(2, 0, 2)),
                        2,
                        false,
                        random.integer(3, 0, 1) != 0,
                        false};
    const Problem problem = make_wild_problem(test_case, {0, 0}, {0, 0}, {0, 0});
    const Judgement judgement = judge_emulation(problem, emulate_linear(problem, manner, random));
    if (judgement.worst) worst = std::max(worst, judgement.worst->ratio);
  }
  return worst;
}

// A bound is worth something if errors come near it: within a quarter of it where at most eight products are summed.
TEST(BoundProperties, IsNotLooseForShortSums) {
  for (const DType accumulator : {DType::f32, DType::f16, DType::bf16}) {
    const double ratio = worst_ratio(accumulator, 8);
    RecordProperty(std::string(to_string(accumulator)), std::to_string(ratio));
    EXPECT_LE(ratio, 1) << to_string(accumulator);
    EXPECT_GE(ratio, 0.8) << to_string(accumulator);
  }
}

}  // namespace
}  // namespace plumb
