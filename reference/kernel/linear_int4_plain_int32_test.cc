#include "reference/kernel/linear_int4_plain_int32.h"

#include <gtest/gtest.h>

#include "reference/testing/grouped.h"

namespace plumb {
namespace {

constexpr std::int64_t kNpu = 1, kAdded = 1;

// One output, one word of codes 1 2 3 4 5 6 7 15 in two groups.
std::vector<Tensor> small(DType zero, const std::vector<double>& zeros) {
  return {tensor_from(DType::bf16, {1, 8}, {1, 1, 1, 1, 1, 1, 1, 1}),
          tensor_from(DType::i32, {1, 1}, {static_cast<double>(static_cast<std::int32_t>(0xf7654321U))}),
          tensor_from(DType::bf16, {2, 1}, {0.5, 2}),
          tensor_from(zero, {2, 1}, zeros),
          Tensor(),
          Tensor()};
}

TEST(LinearInt4PlainInt32, OfXpuIsUnsigned) {
  // (10 - 4 2) / 2 + (33 - 4 3) 2
  const Expected expected = evaluated(linear_int4_plain_int32(), small(DType::i8, {2, 3}), {{"group", 4}});
  EXPECT_EQ(expected.value, std::vector<double>{43});
  EXPECT_EQ(expected.magnitude, std::vector<double>{(1 + 0 + 1 + 2) / 2.0 + (2 + 3 + 4 + 12) * 2});
  EXPECT_TRUE(expected.rounded_before.empty());
}

TEST(LinearInt4PlainInt32, OfNpuIsSignedAndSubtractsOrAddsTheZeroPoint) {
  // (10 - 4 z0) / 2 + (17 - 4 z1) 2: code 15 is -1
  const auto value = [](const Sizes& params) {
    return evaluated(linear_int4_plain_int32(), small(DType::bf16, {2, -3}), params).value[0];
  };
  EXPECT_EQ(value({{"group", 4}, {"device", kNpu}}), 1 + (17 + 12) * 2);
  EXPECT_EQ(value({{"group", 4}, {"device", kNpu}, {"offset", kAdded}}), 9 + (17 - 12) * 2);
}

TEST(LinearInt4PlainInt32, ScaledActivationsAreRounded) {
  std::vector<Tensor> inputs = small(DType::i8, {1, 5});
  inputs[0] = tensor_from(DType::bf16, {1, 8}, {1.0078125, 0, 0, 0, 0, 0, 0, 0});
  inputs[5] = tensor_from(DType::bf16, {8}, {1.0078125, 1, 1, 1, 1, 1, 1, 1});
  inputs[3] = tensor_from(DType::i8, {2, 1}, {0, 0});
  // 1.0078125^2 = 1.01568603515625 lies between 1.015625 and 1.0234375.
  EXPECT_EQ(evaluated(linear_int4_plain_int32(), inputs, {{"group", 4}}).value[0], 1.015625 / 2);
}

TEST(LinearInt4PlainInt32, XpuRoundsBeforeItsBias) {
  std::vector<Tensor> inputs = small(DType::i8, {2, 3});
  inputs[4] = tensor_from(DType::bf16, {1}, {-40});
  const Expected expected = evaluated(linear_int4_plain_int32(), inputs, {{"group", 4}});
  EXPECT_EQ(expected.value, std::vector<double>{3});
  EXPECT_EQ(expected.rounded_before, std::vector<double>{43});
  inputs[3] = tensor_from(DType::bf16, {2, 1}, {2, 3});
  EXPECT_TRUE(evaluated(linear_int4_plain_int32(), inputs, {{"group", 4}, {"device", kNpu}}).rounded_before.empty());
}

TEST(LinearInt4PlainInt32, RefusesFloatingPointZeroPointsOnXpu) {
  EXPECT_ANY_THROW((void)evaluated(linear_int4_plain_int32(), small(DType::bf16, {2, 3}), {{"group", 4}}));
  EXPECT_ANY_THROW(
      (void)evaluated(linear_int4_plain_int32(), small(DType::f16, {2, 3}), {{"group", 4}, {"device", kNpu}}));
}

}  // namespace
}  // namespace plumb
