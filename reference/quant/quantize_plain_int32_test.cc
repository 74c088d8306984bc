#include "reference/quant/quantize_plain_int32.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

constexpr auto kF16 = DType::f16;
const Sizes kGroup32 = {{"group", 32}};

Answer quantized(DType dtype, Shape shape, const Sizes& params, const std::vector<double>& values,
                 const Op& op = quantize_plain_int32()) {
  Tensor w(dtype, std::move(shape));
  for (std::int64_t i = 0; i < w.size(); ++i) w.set(i, values[static_cast<std::size_t>(i) % values.size()]);
  return evaluate_step(op, params, {w});
}

// Scale 1, no zero point: codes are the values, the first in the lowest bits. Scales lie by groups, then rows.
TEST(QuantizePlainInt32, PacksEightCodesAWord) {
  const Answer xpu = quantized(kF16, {1, 8}, {{"group", 8}}, {0, 1, 2, 3, 4, 5, 6, 15});
  EXPECT_EQ(xpu[0].value, std::vector<double>{-0x10000000 + 0x6543210});  // 15 in the upper four bits
  EXPECT_EQ(xpu[1].value, std::vector<double>{1});
  EXPECT_EQ(xpu[2].value, std::vector<double>{0});
}

TEST(QuantizePlainInt32, TransposesScalesAndZeroPoints) {
  const Answer answer =
      quantized(kF16, {2, 8}, {{"group", 4}}, {0, 15, 0, 0, -30, 0, 0, 0, 60, 0, 0, 0, -120, 0, 0, 0});
  EXPECT_EQ(answer[1].value, (std::vector<double>{1, 4, 2, 8}));
  EXPECT_EQ(answer[2].value, (std::vector<double>{0, 0, 15, 15}));
}

TEST(QuantizePlainInt32, NpuHasSignedCodes) {
  const Answer npu = quantized(kF16, {1, 64}, kGroup32, {-8, 7, -1, 0, 1, 2, 3, 4}, quantize_plain_int32_npu());
  EXPECT_EQ(npu[0].value[0], 0x43210f78);
  EXPECT_EQ(npu[2].value, (std::vector<double>{0, 0}));
}

TEST(QuantizePlainInt32, WordsWithNanAreOpen) {
  const Answer answer =
      quantized(kF16, {1, 16}, {{"group", 8}}, {1, 2, std::nan(""), 3, 4, 5, 6, 7, 0, 15, 0, 0, 0, 0, 0, 0});
  EXPECT_TRUE(std::isnan(answer[0].value[0]));
  EXPECT_EQ(answer[0].value[1], 0xf0);
}

// As upstream does: groups that do not fit the device, weights in f32, words that are not full.
TEST(QuantizePlainInt32, RefusesWhatUpstreamRefuses) {
  const Op npu = quantize_plain_int32_npu();
  EXPECT_THROW((void)quantized(kF16, {1, 32}, kGroup32, {0}, npu), Error);
  EXPECT_THROW((void)quantized(kF16, {1, 64}, {{"group", 16}}, {0}, npu), Error);
  EXPECT_THROW((void)quantized(kF16, {1, 96}, {{"group", 48}}, {0}, npu), Error);
  EXPECT_THROW((void)quantized(DType::f32, {1, 32}, {{"group", 32}}, {0}), Error);
  EXPECT_THROW((void)quantized(kF16, {1, 33}, {{"group", 33}}, {0}), Error);
  EXPECT_THROW((void)quantized(kF16, {1, 48}, {{"group", 32}}, {0}), Error);
  EXPECT_THROW((void)quantized(kF16, {1, 2, 32}, {{"group", 32}}, {0}), Error);
}

}  // namespace
}  // namespace plumb
