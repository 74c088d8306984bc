#include "reference/quant/fake_quantize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

std::vector<double> fake_quantized(DType dtype, Shape shape, const std::vector<double>& values, const Sizes& params) {
  Tensor x(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) x.set(static_cast<std::int64_t>(i), values[i]);
  return evaluate_step(fake_quantize_per_token(), params, {x})[0].value;
}

// Scale 1 and 2: each row keeps what has a code of its own.
TEST(FakeQuantizePerToken, EachRowHasItsOwnScale) {
  EXPECT_EQ(fake_quantized(DType::f32, {2, 4}, {0, 255, 100.4, 7.5, -256, 254, 3, 100}, {}),
            (std::vector<double>{0, 255, 100, 8, -256, 254, 4, 100}));
}

// 0 / 0 has no code: upstream's conversion makes it 0, here 128 above the zero point.
TEST(FakeQuantizePerToken, ACodeThatIsNanIsZero) {
  const Sizes f16_scales = {{"eps", 3}, {"scale", static_cast<int>(DType::f16)}};  // 2^-23: its reciprocal overflows
  EXPECT_EQ(fake_quantized(DType::f16, {1, 2}, {0, 0}, f16_scales), (std::vector<double>{0x1p-16, 0x1p-16}));
  EXPECT_EQ(fake_quantized(DType::f32, {1, 2}, {0, 0}, {}), (std::vector<double>{0, 0}));
}

TEST(FakeQuantizePerToken, NanSpreadsOverItsRowOnly) {
  const std::vector<double> y = fake_quantized(DType::f32, {2, 2}, {1, std::nan(""), 0, 255}, {});
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  EXPECT_EQ(y[3], 255);
}

TEST(FakeQuantizePerToken, RefusesEmptyRows) { EXPECT_THROW((void)fake_quantized(DType::f32, {2, 0}, {}, {}), Error); }

}  // namespace
}  // namespace plumb
