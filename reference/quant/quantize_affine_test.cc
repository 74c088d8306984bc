#include "reference/quant/quantize_affine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/error.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

std::vector<double> evaluate(const Op& op, std::vector<Tensor> inputs, const Sizes& params) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  Problem problem{infer_signature(op, offers, params), std::move(inputs)};
  check_values(op, problem);
  return op.evaluate(problem)[0].value;
}

// One block of one row.
std::vector<double> quantize(DType dtype, const std::vector<double>& x, double scale, double zero_point,
                             const Sizes& more = {}) {
  const auto k = static_cast<std::int64_t>(x.size());
  Sizes params{{"group", k}, {"quant_min", -8}, {"quant_max", 7}};
  for (const auto& [name, value] : more) params[name] = value;
  return evaluate(quantize_affine(),
                  {tensor(dtype, {1, k}, x), tensor(dtype, {1, 1}, {scale}), tensor(DType::i32, {1, 1}, {zero_point})},
                  params);
}

TEST(TorchArithmetic, HalfTypesMeetInF32) {
  EXPECT_EQ(promoted(DType::f16, DType::bf16), DType::f32);
  EXPECT_EQ(promoted(DType::bf16, DType::bf16), DType::bf16);
  EXPECT_EQ(promoted(DType::i8, DType::f16), DType::f16);
  EXPECT_EQ(promoted(DType::f32, DType::f64), DType::f64);
}

TEST(TorchArithmetic, RoundsAfterEveryOperation) {
  EXPECT_EQ(TorchArithmetic(DType::bf16).add(256, 1), 256);
  EXPECT_EQ(TorchArithmetic(DType::bf16).add(256, 3), 260);
  EXPECT_EQ(TorchArithmetic(DType::f16).mul(65504, 2), kInfinity);
  EXPECT_EQ(TorchArithmetic(DType::f32).div(1, 3), static_cast<double>(1.0F / 3.0F));
  EXPECT_TRUE(std::isnan(clamped(std::nan(""), -8, 7)));
}

TEST(QuantizeAffine, TiesGoToEvenBeforeTheZeroPoint) {
  EXPECT_EQ(quantize(DType::f32, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}, 1, 1), (std::vector<double>{-1, -1, 1, 1, 3, 3}));
}

// 0.5 * (1 - 2^-30) is 0.5 in f32 only once it is rounded, and a tie then. In f64 it is below the tie; added to 1 the
// f64 still tells.
TEST(QuantizeAffine, ScalesInF64MakeTheProductF64) {
  const auto code = [](double x, double reciprocal, std::int64_t order) {
    return evaluate(quantize_affine(),
                    {tensor(DType::f32, {1, 1}, {x}), tensor(DType::f64, {1, 1}, {1 / reciprocal}),
                     tensor(DType::i32, {1, 1}, {1})},
                    {{"group", 1}, {"scale", static_cast<int>(DType::f64)}, {"order", order}})[0];
  };
  EXPECT_EQ(code(0.5, 1 - 0x1p-30, 1), 1);
  EXPECT_EQ(code(0.5, 1, 1), 2);            // a tie at 1.5
  EXPECT_EQ(code(0.5, 1 - 0x1p-53, 1), 2);  // the sum is rounded to 1.5
  EXPECT_EQ(code(1.5, 1 - 0x1p-53, 0), 2);  // 1.4999… + 1 with rounding first
}

TEST(QuantizeAffine, TiesGoToEvenAfterTheZeroPointIfToldSo) {
  EXPECT_EQ(quantize(DType::f32, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}, 1, 1, {{"order", 1}}),
            (std::vector<double>{-2, 0, 0, 2, 2, 4}));
}

TEST(QuantizeAffine, ClampsToTheRange) {
  EXPECT_EQ(quantize(DType::f32, {-100, 100, kInfinity, -kInfinity}, 1, 0), (std::vector<double>{-8, 7, 7, -8}));
}

TEST(QuantizeAffine, MultipliesByTheRoundedReciprocal) {
  const float scale = 0.3F, reciprocal = 1.0F / scale;
  int different = 0;
  for (int i = 0; i < 4000; ++i) {
    const float x = 0.15F * static_cast<float>(i % 200 - 100) + 1e-3F * static_cast<float>(i / 200);
    const double got = quantize(DType::f32, {x}, scale, 0, {{"quant_min", -128}, {"quant_max", 127}})[0];
    EXPECT_EQ(got, std::nearbyint(x * reciprocal)) << x;
    different += std::nearbyint(x * reciprocal) != std::nearbyint(x / scale) ? 1 : 0;
  }
  EXPECT_GT(different, 0);  // or the test would not tell it from a division
}

TEST(QuantizeAffine, NanIsLeftOpen) {
  EXPECT_TRUE(std::isnan(quantize(DType::f32, {std::nan("")}, 1, 0)[0]));
  EXPECT_TRUE(std::isnan(quantize(DType::f32, {0}, 0, 0)[0]));  // 0 times 1/0
}

TEST(QuantizeAffine, BlocksOfRowsAndColumns) {
  const Tensor x = tensor(DType::f32, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const std::vector<double> codes =
      evaluate(quantize_affine(), {x, tensor(DType::f32, {1, 2}, {1, 2}), tensor(DType::i8, {1, 2}, {0, 1})},
               {{"rows", 2}, {"group", 2}, {"quant_min", 0}, {"quant_max", 15}, {"code", static_cast<int>(DType::u8)}});
  EXPECT_EQ(codes, (std::vector<double>{1, 2, 3, 3, 5, 6, 5, 5}));
}

TEST(QuantizeAffine, RefusesWhatDoesNotFit) {
  EXPECT_THROW((void)quantize(DType::f32, {1, 2}, 1, 0, {{"group", 3}}), Error);
  EXPECT_THROW((void)quantize(DType::f32, {1}, 1, 0, {{"quant_min", 7}}), Error);
  EXPECT_THROW((void)quantize(DType::f32, {1}, 1, 0, {{"quant_max", 255}, {"code", static_cast<int>(DType::i8)}}),
               Error);
  EXPECT_THROW((void)quantize(DType::f32, {1}, 1, 8), Error);  // zero point above the range
  EXPECT_THROW((void)quantize(DType::f64, {1}, 1, 0), Error);
}

std::vector<double> dequantize(DType out, const std::vector<double>& codes, double scale, double zero_point) {
  const auto k = static_cast<std::int64_t>(codes.size());
  return evaluate(
      dequantize_affine(),
      {tensor(DType::i8, {1, k}, codes), tensor(DType::f32, {1, 1}, {scale}), tensor(DType::i32, {1, 1}, {zero_point})},
      {{"group", k}, {"quant_min", -128}, {"quant_max", 127}, {"y", static_cast<int>(out)}});
}

TEST(DequantizeAffine, SubtractsThenScales) {
  EXPECT_EQ(dequantize(DType::f32, {-8, 0, 3, 7}, 0.5, 3), (std::vector<double>{-5.5, -1.5, 0, 2}));
}

// 127 + 128 = 255 needs 8 bits, 126 + 127 is rounded: to f32 before the product, but the difference to bf16 first.
TEST(DequantizeAffine, TheDifferenceIsRoundedToTheOutput) {
  EXPECT_EQ(dequantize(DType::bf16, {127, 127}, 1, -128), (std::vector<double>{255, 255}));
  EXPECT_EQ(dequantize(DType::bf16, {1, 3}, 0x1.01p0, 0), (std::vector<double>{1, 3.015625}));
}

TEST(DequantizeAffine, CodesAreNotChecked) {
  const std::vector<double> y =
      evaluate(dequantize_affine(), {tensor(DType::i8, {1, 2}, {-128, 127}), tensor(DType::f32, {1, 1}, {2}), Tensor()},
               {{"group", 2}, {"quant_min", -8}, {"quant_max", 7}});
  EXPECT_EQ(y, (std::vector<double>{-256, 254}));
}

}  // namespace
}  // namespace plumb
