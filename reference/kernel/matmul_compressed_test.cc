#include "reference/kernel/matmul_compressed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/formula.h"
#include "reference/testing/grouped.h"

namespace plumb {
namespace {

enum Type : std::int64_t { kU2, kU4, kI4, kU8, kI8 };

// Two outputs of three columns: in four bits, rows share the byte in the middle.
std::vector<Tensor> small(const std::vector<double>& bytes) {
  return {tensor_from(DType::f32, {1, 3}, {1, 10, 100}),
          tensor_from(DType::u8, {static_cast<std::int64_t>(bytes.size())}, bytes),
          tensor_from(DType::f32, {2, 1}, {1, 0.5}), Tensor(), Tensor()};
}

std::vector<double> value(std::vector<Tensor> inputs, Sizes params) {
  params["N"] = 2;
  params["group"] = 3;
  return evaluated(matmul_compressed(), std::move(inputs), params).value;
}

TEST(MatmulCompressed, CodesAreInFlatOrder) {
  EXPECT_EQ(value(small({0x21, 0x43, 0x65}), {{"type", kU4}}), (std::vector<double>{321, 327}));
  EXPECT_EQ(value(small({0x21, 0xf3, 0xde}), {{"type", kI4}}), (std::vector<double>{321, -160.5}));  // -1 -2 -3
  EXPECT_EQ(value(small({0b00100100 | 3 << 6, 0b1110}), {{"type", kU2}}), (std::vector<double>{210, 161.5}));
  EXPECT_EQ(value(small({1, 2, 3, 255, 0, 128}), {{"type", kU8}}), (std::vector<double>{321, 6527.5}));
  EXPECT_EQ(value(small({1, 2, 3, 255, 0, 128}), {{"type", kI8}}), (std::vector<double>{321, -6400.5}));
}

// What exact data are made for: a code less its zero point is no larger than the operator says.
TEST(MatmulCompressed, ZeroPointsStayNearTheirCodes) {
  const Op op = matmul_compressed();
  const auto port = std::ranges::find(op.inputs, "zero_point", &Port::name);
  const std::pair<int, int> codes[] = {{0, 3}, {0, 15}, {-8, 7}, {0, 255}, {-128, 127}};
  for (std::int64_t type = kU2; type <= kI8; ++type) {
    for (const DType zero : {DType::u8, DType::i8, DType::f32, DType::f16, DType::bf16}) {
      const Sizes sizes = {{"type", type}, {"zero", static_cast<std::int64_t>(zero)}};
      const std::int64_t low = evaluate_formula(port->low, sizes), high = evaluate_formula(port->high, sizes);
      const auto [least, most] = codes[type];
      EXPECT_LE(most - low, op.max_code_magnitude) << "type " << type << " zero " << to_string(zero);
      EXPECT_LE(high - least, op.max_code_magnitude) << "type " << type << " zero " << to_string(zero);
      EXPECT_GE(low, info(zero).min_finite);
      EXPECT_LE(high, info(zero).max_finite);
    }
  }
}

TEST(MatmulCompressed, ZeroPointsAreCodesOrNumbers) {
  std::vector<Tensor> inputs = small({0x21, 0x43, 0x65});
  inputs[3] = tensor_from(DType::u8, {1}, {0x41});
  EXPECT_EQ(value(inputs, {{"type", kU4}}), (std::vector<double>{210, 105}));
  inputs[3] = Tensor();
  inputs[4] = tensor_from(DType::f16, {2, 1}, {0.5, 4.5});
  EXPECT_EQ(value(inputs, {{"type", kU4}}), (std::vector<double>{265.5, 77.25}));
  inputs[4] = tensor_from(DType::u8, {1, 1}, {1});
  EXPECT_EQ(value(inputs, {{"type", kU4}, {"zeros", 1}}), (std::vector<double>{210, 271.5}));
  inputs[3] = tensor_from(DType::u8, {1}, {1});
  EXPECT_ANY_THROW((void)value(inputs, {{"type", kU4}, {"zeros", 1}}));
}

TEST(MatmulCompressed, AScaleMayServeAll) {
  std::vector<Tensor> inputs = small({0x21, 0x43, 0x65});
  inputs[2] = tensor_from(DType::f16, {1, 1}, {2});
  EXPECT_EQ(value(inputs, {{"type", kU4}, {"scales", 1}}), (std::vector<double>{642, 1308}));
  EXPECT_ANY_THROW((void)value(inputs, {{"type", kU4}}));
}

// The largest of 32 is 254: s = 2, and 5 / 2 and 3 / 2 are rounded to even. The other 32 are zero.
TEST(MatmulCompressed, ActivationsMayBeQuantisedFirst) {
  Tensor x(DType::f32, {1, 64});
  for (const auto& [k, value] : {std::pair{0, 254.0}, {1, 5.0}, {2, 3.0}, {3, -5.1}}) x.set(k, value);
  Tensor codes(DType::u8, {64});
  for (std::int64_t k = 0; k < 4; ++k) codes.set(k, std::pow(4.0, static_cast<double>(3 - k)));
  const std::vector<Tensor> inputs = {x, codes, tensor_from(DType::f32, {1, 2}, {1, 1}), Tensor(), Tensor()};
  const Expected got =
      evaluated(matmul_compressed(), inputs, {{"N", 1}, {"group", 32}, {"type", kU8}, {"dynamic", 32}});
  EXPECT_EQ(got.value, std::vector<double>{254 * 64 + 4 * 16 + 4 * 4 - 6});
}

}  // namespace
}  // namespace plumb
