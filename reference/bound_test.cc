#include "reference/bound.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/layout/layouts.h"
#include "reference/ops.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Signature linear_signature(DType x, std::int64_t columns = 2) {
  return make_signature(op_named("linear_q4gsw"),
                        {{"M", 1}, {"K", columns}, {"N", 1}, {"group", columns}, {"x", static_cast<std::int64_t>(x)}});
}

// y = 3, sum of absolute terms 5, largest intermediate 6, underflow sum 20.
double linear_bound(const Contract& contract, DType x = DType::f32, double peak = 6) {
  const Expected expected{{3}, {5}, {peak}, {20}, {1}, {1}};
  return bounds(op_named("linear_q4gsw"), linear_signature(x), contract, expected).at(0);
}

double embedding_bound(const Contract& contract, DType out, const Expected& expected) {
  const Op& op = op_named("embedding_q4gsw");
  const Signature signature =
      make_signature(op, {{"M", 1}, {"K", 2}, {"N", 1}, {"group", 2}, {"out", static_cast<std::int64_t>(out)}});
  return bounds(op, signature, contract, expected).at(0);
}

void expect_close(double got, double want) { EXPECT_NEAR(got / want, 1, 1e-12) << got << " is not " << want; }

TEST(Gamma, Formula) {
  EXPECT_EQ(gamma(0, 0x1p-24), 0);
  EXPECT_DOUBLE_EQ(gamma(1, 0.25), 1.0 / 3);
  EXPECT_DOUBLE_EQ(gamma(3, 0.25), 3);
  EXPECT_EQ(gamma(4, 0.25), kInfinity);
  EXPECT_EQ(gamma(5, 0.25), kInfinity);
  EXPECT_EQ(gamma(1000, 0), 0);
}

TEST(Contract, ChainRoundsUp) {
  Contract contract;
  EXPECT_EQ(contract.chain(64), 68);
  contract.chain_divisor = 16;
  contract.chain_extra = 5;
  EXPECT_EQ(contract.chain(64), 9);
  EXPECT_EQ(contract.chain(65), 10);
  EXPECT_EQ(contract.chain(1), 6);
}

// K = 2: a chain of 2 + 4 roundings in f32, and 2 + 3 of the oracle in double.
TEST(Bound, OfASumInF32) {
  const double summation = 6 * 0x1p-24 / (1 - 6 * 0x1p-24), oracle = 5 * 0x1p-53 / (1 - 5 * 0x1p-53);
  expect_close(linear_bound({}), 5 * (summation + oracle) + 20 * 0x1p-149 + 0x1p-150);
}

TEST(Bound, UnderflowTerms) {
  const Expected nothing_but_underflow{{0}, {0}, {1}, {20}, {0}, {0}};
  const Signature signature = linear_signature(DType::f32);
  const auto bound = [&](const Contract& contract) {
    return bounds(op_named("linear_q4gsw"), signature, contract, nothing_but_underflow).at(0);
  };
  EXPECT_EQ(bound({}), 20 * 2 * 0x1p-150 + 0x1p-150);
  EXPECT_EQ(bound({.flushes_subnormals = true}), 20 * 2 * 0x1p-126 + 0x1p-126);
  // Small weights and activations lose more when they are rounded to f16: half of 2^-24.
  EXPECT_EQ(bound({.weight = DType::f16}), 20 * 2 * 0x1p-25 + 0x1p-150);
  EXPECT_EQ(bound({.activation = DType::f16}), 20 * 2 * 0x1p-25 + 0x1p-150);
  EXPECT_EQ(bound({.accumulator = DType::f16}), 20 * 2 * 0x1p-25 + 0x1p-150);
}

TEST(Bound, RoundedFactors) {
  const double summation = 1 + 6 * 0x1p-24 / (1 - 6 * 0x1p-24), oracle = 5 * 0x1p-53, floor = 0x1p-150;
  const double f16_underflow = 20 * 0x1p-24;
  expect_close(linear_bound({.weight = DType::f32}),
               5 * ((1 + 0x1p-24) * summation - 1 + oracle) + 20 * 0x1p-149 + floor);
  expect_close(linear_bound({.weight = DType::f16}),
               5 * ((1 + 0x1p-11) * summation - 1 + oracle) + f16_underflow + floor);
  expect_close(linear_bound({.activation = DType::f16}),
               5 * ((1 + 0x1p-11) * summation - 1 + oracle) + f16_underflow + floor);
  expect_close(linear_bound({.activation = DType::f16, .weight = DType::f16}),
               5 * ((1 + 0x1p-11) * (1 + 0x1p-11) * summation - 1 + oracle) + f16_underflow + floor);
}

TEST(Bound, AnActivationThatHasTheTypeAlreadyIsNotRounded) {
  EXPECT_EQ(linear_bound({.activation = DType::f16}, DType::f16), linear_bound({}, DType::f16));
  EXPECT_EQ(linear_bound({.activation = DType::f64}, DType::f32), linear_bound({}, DType::f32));
  EXPECT_GT(linear_bound({.activation = DType::bf16}, DType::f16), linear_bound({}, DType::f16));
}

TEST(Bound, AnOutputNarrowerThanTheAccumulatorIsRoundedOnceMore) {
  const double computed = 5 * (6 * 0x1p-24 / (1 - 6 * 0x1p-24) + 5 * 0x1p-53) + 20 * 0x1p-149;
  expect_close(linear_bound({}, DType::f16), computed + 0x1p-11 * (3 + computed) + 0x1p-25);
  expect_close(linear_bound({.accumulator = DType::f16}, DType::f16),
               5 * (6 * 0x1p-11 / (1 - 6 * 0x1p-11) + 5 * 0x1p-53) + 20 * 0x1p-24 + 0x1p-25);
}

// Factors rounded to a type of narrow range may overflow there, whatever the accumulator holds.
TEST(Bound, OverflowOfARoundedFactorCannotBeJudged) {
  const auto bound = [](const Contract& contract, double x, double w) {
    const Expected expected{{3}, {5}, {6}, {20}, {x}, {w}};
    return bounds(op_named("linear_q4gsw"), linear_signature(DType::f32), contract, expected).at(0);
  };
  EXPECT_TRUE(std::isfinite(bound({.activation = DType::f16}, 65504, 1)));
  EXPECT_TRUE(std::isinf(bound({.activation = DType::f16}, 65505, 1)));
  EXPECT_TRUE(std::isfinite(bound({.activation = DType::bf16}, 65505, 1)));
  EXPECT_TRUE(std::isinf(bound({.weight = DType::f16}, 1, 65505)));
  EXPECT_TRUE(std::isfinite(bound({}, 65505, 65505)));
}

TEST(Bound, ShorterChainsBoundMoreTightly) {
  const Expected expected{{3}, {5}, {6}, {20}, {1}, {1}};
  const Signature signature = linear_signature(DType::f32, 128);
  const auto bound = [&](std::int32_t divisor) {
    const Contract contract{.chain_divisor = divisor, .chain_extra = 0};
    return bounds(op_named("linear_q4gsw"), signature, contract, expected).at(0);
  };
  EXPECT_NEAR(bound(1) / bound(16), 16, 1e-3);
}

TEST(Bound, IsNotLostToCancellation) {
  EXPECT_GE(linear_bound({.accumulator = DType::f64, .chain_extra = 0}), 5 * (2 + 5) * 0x1p-53);
  EXPECT_GE(embedding_bound({.accumulator = DType::f64, .chain_extra = 0}, DType::f32, {{3}, {3}, {3}, {0}}),
            3 * (0x1p-24 + 0x1p-53));
}

TEST(Bound, NothingIsPromisedWhereAnIntermediateMayOverflow) {
  const double largest = info(DType::f32).max_finite;
  EXPECT_TRUE(std::isfinite(linear_bound({}, DType::f32, largest * (1 - 1e-6))));
  EXPECT_EQ(linear_bound({}, DType::f32, largest * (1 + 1e-6)), kInfinity);
  EXPECT_TRUE(std::isfinite(linear_bound({.accumulator = DType::f16}, DType::f32, 65000)));
  EXPECT_EQ(linear_bound({.accumulator = DType::f16}, DType::f32, 65504), kInfinity);  // its error may be on top
  EXPECT_EQ(linear_bound({}, DType::f32, kInfinity), kInfinity);
  EXPECT_EQ(linear_bound({}, DType::f32, std::nan("")), kInfinity);
  EXPECT_EQ(linear_bound({.chain_extra = 1 << 24}), kInfinity);  // n u >= 1
}

TEST(Bound, OnlyWhatIsNaNInAnyOrderMustBe) {
  const auto bound = [](double largest_weight) {
    const Expected nan{{std::nan("")}, {std::nan("")}, {1}, {1}, {1}, {largest_weight}};
    return bounds(op_named("linear_q4gsw"), linear_signature(DType::f32), {}, nan).at(0);
  };
  EXPECT_EQ(bound(1), 0);
  EXPECT_EQ(bound(std::nan("")), 0);
  EXPECT_EQ(bound(kInfinity), kInfinity);
}

// Whether an element of value NaN is open: one output of a layer with two columns and one scale.
bool is_open(const std::vector<double>& x, const std::vector<int>& codes, double scale) {
  const Op& op = op_named("linear_q4gsw");
  Problem problem{linear_signature(DType::f32, 2), {}};
  const auto packed = pack(layout_named("et_vk.q4gsw"), {1, 2}, codes);
  problem.inputs = {Tensor(DType::f32, {1, 2}), Tensor(DType::u8, {1, std::ssize(packed)}), Tensor(DType::f32, {1, 1}),
                    Tensor()};
  for (std::int64_t k = 0; k < 2; ++k) problem.inputs[0].set(k, x[static_cast<std::size_t>(k)]);
  std::ranges::copy(packed, problem.inputs[1].codes().begin());
  problem.inputs[2].set(0, scale);
  const Expected expected = op.evaluate(problem)[0];
  EXPECT_TRUE(std::isnan(expected.value[0]));
  return bounds(op, problem.signature, {}, expected).at(0) != 0;
}

// inf x1 - inf x2 is NaN, but inf (x1 - x2) is infinite; 0 inf is NaN, but need not be computed on its own.
TEST(Bound, AnInfiniteScaleLeavesNaNOpen) {
  EXPECT_TRUE(is_open({3, 2}, {1, -1}, kInfinity));
  EXPECT_TRUE(is_open({3, 2}, {0, 5}, kInfinity));
  EXPECT_FALSE(is_open({3, 2}, {1, -1}, std::nan("")));
  EXPECT_FALSE(is_open({3, 2}, {0, 0}, std::nan("")));
  EXPECT_FALSE(is_open({kInfinity, 2}, {0, 5}, 1));
  EXPECT_FALSE(is_open({kInfinity, kInfinity}, {1, -1}, 1));
  EXPECT_FALSE(is_open({std::nan(""), 2}, {1, -1}, 1));
  EXPECT_FALSE(is_open({std::nan(""), 2}, {1, -1}, kInfinity));
}

TEST(Bound, OfOneProduct) {
  const double u = 0x1p-24 / (1 - 0x1p-24);
  expect_close(embedding_bound({}, DType::f32, {{-3}, {3}, {3}, {5}}), 3 * u + 5 * 0x1p-149 + 0x1p-150);
  expect_close(embedding_bound({}, DType::f16, {{-3}, {3}, {3}, {5}}),
               3 * u + 5 * 0x1p-149 + 0x1p-11 * (3 + 3 * u) + 0x1p-25);
  // A contract's chain, activation and weight do not matter: there is no sum.
  EXPECT_EQ(embedding_bound({.activation = DType::bf16, .weight = DType::f16, .chain_extra = 99}, DType::f32,
                            {{-3}, {3}, {3}, {5}}),
            embedding_bound({}, DType::f32, {{-3}, {3}, {3}, {5}}));
}

TEST(Bound, AnInfiniteOrUndefinedProductIsExactlyThat) {
  for (const double value : {kInfinity, -kInfinity, std::nan("")}) {
    EXPECT_EQ(embedding_bound({}, DType::f32, {{value}, {std::abs(value)}, {std::abs(value)}, {8}}), 0);
  }
  // A finite one that overflows stays judged: want + bound rounds to infinity.
  EXPECT_TRUE(std::isfinite(embedding_bound({}, DType::f32, {{1e39}, {1e39}, {1e39}, {8}})));
}

TEST(Bound, DataMovementIsExact) {
  const Op& op = op_named("pack_uint4");
  const Expected expected{{1, 2, 3}, {}, {}, {}};
  EXPECT_EQ(bounds(op, make_signature(op, {{"n", 6}}), {}, expected), (std::vector<double>{0, 0, 0}));
}

TEST(Bound, OfSeveralAdmissibleOutcomesIsTheirSlack) {
  const Op& op = op_named("quantize_hqq");
  Expected expected{{3.5, 4}, {}, {}, {}};
  expected.slack = {0.5, 0};
  EXPECT_EQ(bounds(op, make_signature(op, {{"N", 1}, {"K", 2}, {"group", 2}}), {}, expected), expected.slack);
}

// One dot product as the contract {activation, weight, f32} allows it to be computed: in a random order.
double computed(const std::vector<double>& x, const std::vector<int>& codes, double scale, const Contract& contract,
                bool fused) {
  std::vector<float> partial;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const auto a = static_cast<float>(round_to(contract.activation, x[k]));
    const double w = round_to(contract.weight, codes[k] * scale);
    const bool joins = fused && !partial.empty();
    const double sum = joins ? partial.back() : 0;
    if (joins) partial.pop_back();
    partial.push_back(static_cast<float>(a * w + sum));
  }
  while (partial.size() > 1) {
    const auto i = *rc::gen::inRange<std::size_t>(1, partial.size());
    partial[i - 1] += partial[i];
    partial.erase(partial.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return partial[0];
}

// Scales down to where f16 has no normal numbers left: rounding weights to f16 then costs more than u |w|.
RC_GTEST_PROP(BoundProperty, HoldsForRoundedFactorsAndAnyOrderOfSummation, ()) {
  const Contract contract{.activation = *rc::gen::element(DType::f32, DType::f16, DType::bf16),
                          .weight = *rc::gen::element(DType::f64, DType::f32, DType::f16, DType::bf16)};
  const auto columns = *rc::gen::inRange<std::int64_t>(1, 20);
  const Op& op = op_named("linear_q4gsw");
  Problem problem{linear_signature(DType::f32, columns), {}};
  for (const Port& port : op.inputs) problem.inputs.emplace_back(dtype_of(port, op, problem.signature), Shape{});
  problem.inputs[0] = Tensor(DType::f32, {1, columns});
  problem.inputs[2] = Tensor(DType::f32, {1, 1});
  problem.inputs[3] = Tensor();
  const auto odd = [] { return std::ldexp(*rc::gen::inRange(1 << 20, 1 << 21) * 2 + 1, -21); };
  problem.inputs[2].set(0, std::ldexp(odd(), *rc::gen::inRange(-30, 0)));
  std::vector<double> x;
  std::vector<int> codes;
  for (std::int64_t k = 0; k < columns; ++k) {
    problem.inputs[0].set(k, std::ldexp(odd(), *rc::gen::inRange(-30, 3)));
    x.push_back(problem.inputs[0].at(k));
    codes.push_back(*rc::gen::inRange(-8, 8));
  }
  const auto packed = pack(layout_named("et_vk.q4gsw"), {1, columns}, codes);
  problem.inputs[1] = Tensor(DType::u8, {1, static_cast<std::int64_t>(packed.size())});
  std::ranges::copy(packed, problem.inputs[1].codes().begin());
  const Expected expected = op.evaluate(problem)[0];
  const double bound = bounds(op, problem.signature, contract, expected).at(0);
  const double got = computed(x, codes, problem.inputs[2].at(0), contract, *rc::gen::arbitrary<bool>());
  RC_ASSERT(std::abs(got - expected.value[0]) <= bound);
}

// 40 is rounded to f16 before the last sum, off by what it already is.
TEST(Bound, OfWhatIsRoundedOnTheWay) {
  Expected expected{{3}, {5}, {6}, {20}, {1}, {1}};
  const Op& op = op_named("linear_q4gsw");
  const double once = bounds(op, linear_signature(DType::f16), {}, expected).at(0);
  expected.rounded_before = {40};
  const double u = 0x1p-11, floor = 0x1p-25, error = (once - floor - u * 3) / (1 + u);
  const double between = error + u * (40 + error) + floor;
  expect_close(bounds(op, linear_signature(DType::f16), {}, expected).at(0), between + u * (3 + between) + floor);
}

}  // namespace
}  // namespace plumb
