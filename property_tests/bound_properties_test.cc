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
  const Expected expected = linear().evaluate(problem)[0];
  const std::vector<double> bound = bounds(linear(), problem.signature, emulation.contract, expected);
  return judge(linear().outputs[0], problem.signature, emulation.output, expected.value, bound, std::byte{0xFF});
}

void check_emulation(const Problem& problem, const Manner& manner, std::uint64_t seed, bool tame = false) {
  const Judgement judgement = judge_emulation(problem, emulate_linear(problem, manner, Random(seed, "order")));
  // An f32 accumulator overflows on wild data alone.
  if (tame && manner.accumulator == DType::f32) RC_ASSERT(judgement.unjudged == 0);
  if (judgement.wrong == 0) return;
  const Worst& worst = *judgement.worst;
  RC_LOG() << worst.port << "[" << index_text(worst.index, ',') << "]: got " << worst.got << ", want " << worst.want
           << ", bound " << worst.bound << "\n";
  RC_FAIL("an honest contract is broken");
}

RC_GTEST_PROP(BoundProperties, HoldsInAnyOrderBlockingAndFusion, ()) {
  const Case test_case = *arbitrary_case(linear());
  const Problem problem = make_problem(test_case);
  for (int i = 0; i < kManners; ++i) check_emulation(problem, *rc::gen::exec(draw_manner), test_case.seed, true);
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

// The largest error/bound over many honest kernels on sums of `columns` products.
double worst_ratio(DType accumulator, std::int64_t columns) {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const Random random(seed, "tightness");
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

// A bound is worth something if errors come near it. Random data do so where few errors add up: the demanded share of
// the bound falls with the number of products.
TEST(BoundProperties, IsNotLooseForShortSums) {
  const std::pair<std::int64_t, double> demands[] = {{1, 0.8}, {4, 0.4}, {8, 0.2}};
  for (const DType accumulator : {DType::f32, DType::f16, DType::bf16}) {
    for (const auto& [columns, share] : demands) {
      const double ratio = worst_ratio(accumulator, columns);
      EXPECT_LE(ratio, 1) << to_string(accumulator) << " " << columns;
      EXPECT_GE(ratio, share) << to_string(accumulator) << " " << columns;
    }
  }
}

// 1 + u + u + …, where u is half the spacing at 1: each addition is a tie that loses all of u, so that the errors add
// up to nearly what gamma_n allows. A bound with too long a chain would show here.
TEST(BoundProperties, IsTightInTheLengthOfTheChain) {
  for (const DType accumulator : {DType::f32, DType::f16, DType::bf16}) {
    for (const std::int64_t columns : {8, 16, 64}) {
      const Case test_case{&linear(),
                           make_signature(linear(), {{"M", 1}, {"K", columns}, {"N", 1}, {"group", columns}}),
                           &data_mode_named("bounded"), 0};
      Problem problem = make_problem(test_case);
      for (std::int64_t k = 0; k < columns; ++k) problem.inputs[0].set(k, k == 0 ? 1 : unit_roundoff(accumulator));
      std::ranges::fill(problem.inputs[1].codes(), std::uint8_t{0x99});  // code 1
      problem.inputs[2].set(0, 1);
      const Manner manner{
          DType::f32, DType::f32, accumulator, Manner::Scaling::scaled_product, Manner::Order::straight, 1,
          false,      false,      false};
      const Judgement judgement = judge_emulation(problem, emulate_linear(problem, manner, Random(0, "order")));
      ASSERT_TRUE(judgement.worst);
      EXPECT_LE(judgement.worst->ratio, 1) << to_string(accumulator) << " " << columns;
      // A straight sum passes through no more than columns + 2 roundings.
      const double u = unit_roundoff(accumulator), lost = static_cast<double>(columns - 1) * u;
      EXPECT_GE(judgement.worst->ratio, 0.95 * lost / (gamma(columns + 2, u) * (1 + lost)))
          << to_string(accumulator) << " " << columns;
    }
  }
}

}  // namespace
}  // namespace plumb
