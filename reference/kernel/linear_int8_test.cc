#include "reference/kernel/linear_int8.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/error.h"

namespace plumb {
namespace {

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

Signature signature_of(const Op& op, const std::vector<Tensor>& inputs, const Sizes& params) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  return infer_signature(op, offers, params);
}

Expected evaluate(const Op& op, std::vector<Tensor> inputs, const Sizes& params) {
  const Signature signature = signature_of(op, inputs, params);
  return op.evaluate({signature, std::move(inputs)})[0];
}

// M = 2, K = 4, N = 2, group = 2. Codes as in linear_q4gsw_test.cc: row 0: 1 -2 3 -8, row 1: 7 0 -1 2.
//   q - zp: row 0 (scale 0.5): 2 4 6 7 (8 is clamped: zp 120); row 1 (scale 2, zp -3): 0 -1 0 1, where 0.5 -> 0.25 -> 0
//   and 1.5 -> 0.75 -> 1
std::vector<Tensor> grouped() {
  return {tensor(DType::f32, {2, 4}, {1, 2, 3, 4, 0.5, -1.5, 0, 1.5}),
          tensor(DType::f32, {2}, {0.5, 2}),
          tensor(DType::i8, {2}, {120, -3}),
          tensor(DType::u8, {2, 4}, {0x69, 0x0b, 0x00, 0x00, 0x8f, 0xa7, 0x00, 0x00}),
          tensor(DType::i32, {2, 8}, {-1, 7, 0, 0, 0, 0, 0, 0, -5, 1, 0, 0, 0, 0, 0, 0}),
          tensor(DType::f32, {2, 2}, {0.5, 2, 0.25, -1}),
          Tensor()};
}

TEST(LinearDq8caQ4gsw, SmallByHand) {
  // S[0, g, n]: n = 0: 2 - 8 = -6, 18 - 56 = -38; n = 1: 14, -6 + 14 = 8. S[1]: n = 0: 2, -8; n = 1: 0, 2.
  const std::vector<double> want = {0.5 * (-3 - 9.5), 0.5 * (28 - 8), 2 * (1 - 2), 2 * (0 - 2)};
  EXPECT_EQ(evaluate(linear_dq8ca_q4gsw(), grouped(), {{"group", 2}}).value, want);
}

TEST(LinearDq8caQ4gsw, AsFloatItIgnoresHowTheActivationIsQuantised) {
  std::vector<Tensor> inputs = grouped();
  inputs[6] = tensor(DType::f32, {2}, {100, 0});
  // w[0] = 0.5 -1 0.75 -2, w[1] = 14 0 1 -2
  EXPECT_EQ(evaluate(linear_dq8ca_q4gsw(), inputs, {{"group", 2}, {"activation", 1}}).value,
            (std::vector<double>{100 + 0.5 - 2 + 2.25 - 8, 14 + 3 - 8, 100 + 0.25 + 1.5 - 3, 7 - 3}));
}

TEST(LinearDq8caQ4gsw, BiasIsAdded) {
  std::vector<Tensor> inputs = grouped();
  inputs[6] = tensor(DType::f32, {2}, {100, 0});
  EXPECT_EQ(evaluate(linear_dq8ca_q4gsw(), inputs, {{"group", 2}}).value[0], 100 - 6.25);
}

TEST(LinearDq8caQ4gsw, TermsOfTheBound) {
  const Expected expected = evaluate(linear_dq8ca_q4gsw(), grouped(), {{"group", 2}});
  EXPECT_EQ(expected.magnitude, (std::vector<double>{0.5 * (3 + 9.5), 0.5 * (28 + 8), 2 * (1 + 2), 2 * (0 + 2)}));
  EXPECT_EQ(expected.peak, (std::vector<double>{38, 36, 16, 4}));
  // sum_g (2 |S w| + |S a| + |S| + 2 |a| + |w| + 2) + 2 of y[0, 0]: 25 + 22 + 44 + 2 + 0.75 + 4 + 2
  EXPECT_EQ(expected.underflow[0], 99.75);
  EXPECT_EQ(expected.largest_activation, (std::vector<double>{7, 7, 1, 1}));
  EXPECT_TRUE(expected.steps.empty());
}

TEST(LinearDq8caQ4gsw, ATieHasBothOutcomesForItsRowAlone) {
  std::vector<Tensor> inputs = grouped();
  inputs[0].set(4 + 1, 1);  // 1 / 2: rounded to 0, or to 1
  const Expected expected = evaluate(linear_dq8ca_q4gsw(), inputs, {{"group", 2}});
  EXPECT_EQ(expected.steps, (std::vector<std::vector<double>>{{}, {}, {2 * 0.5 * -2}, {0}}));
  EXPECT_EQ(expected.value[2], 2 * (0 - 2));
  const Tensor other = tensor(DType::f32, {2, 2}, {-6.25, 10, -6, -4});
  EXPECT_EQ(nearest_alternatives(expected, other)[2], -6);
}

TEST(LinearDq8caQ4gsw, RowsWhoseCodesAreUndefinedAreNotJudged) {
  std::vector<Tensor> inputs = grouped();
  inputs[1].set(1, 0);
  const Op op = linear_dq8ca_q4gsw();
  const Signature signature = signature_of(op, inputs, {{"group", 2}});
  const std::vector<double> bound = bounds(op, signature, {}, op.evaluate({signature, inputs})[0]);
  for (const int i : {0, 1}) EXPECT_TRUE(std::isfinite(bound[static_cast<std::size_t>(i)]));
  for (const int i : {2, 3}) EXPECT_TRUE(std::isinf(bound[static_cast<std::size_t>(i)]));
}

TEST(LinearDq8caQ4gsw, SumsThatNoCodesHaveAreRefused) {
  std::vector<Tensor> inputs = grouped();
  inputs[4].set(0, 17);
  const Op op = linear_dq8ca_q4gsw();
  EXPECT_THROW(check_values(op, {signature_of(op, inputs, {{"group", 2}}), inputs}), Error);
}

// M = 1, K = 3, N = 2; scale 0.5, zp 3: q - zp = 2 -4 3.
std::vector<Tensor> per_channel() {
  return {tensor(DType::f32, {1, 3}, {1, -2, 1.6}),
          tensor(DType::f32, {1}, {0.5}),
          tensor(DType::i8, {1}, {3}),
          tensor(DType::i8, {2, 3}, {-128, 127, 1, 5, 0, -7}),
          tensor(DType::i32, {4}, {0, -2, 0, 0}),
          tensor(DType::f32, {2}, {0.25, 2}),
          Tensor()};
}

TEST(LinearQ8taQ8csw, SmallByHand) {
  EXPECT_EQ(evaluate(linear_q8ta_q8csw(), per_channel(), {}).value,
            (std::vector<double>{0.5 * 0.25 * (-256 - 508 + 3), 0.5 * 2 * (10 - 21)}));
}

TEST(LinearQ8taQ8csw, AsFloatItIgnoresHowTheActivationIsQuantised) {
  std::vector<Tensor> inputs = per_channel();
  inputs[0].set(2, 1.5);
  EXPECT_EQ(evaluate(linear_q8ta_q8csw(), inputs, {{"activation", 1}}).value,
            (std::vector<double>{0.25 * (-128 - 254 + 1.5), 2 * (5 - 10.5)}));
}

}  // namespace
}  // namespace plumb
