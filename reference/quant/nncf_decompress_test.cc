#include "reference/quant/nncf_decompress.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Tensor tensor(DType dtype, Shape shape, const Values& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

Answer evaluate(const Op& op, std::vector<Tensor> inputs, const Sizes& params) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  const Problem problem{infer_signature(op, offers, params), std::move(inputs)};
  check_values(op, problem);
  return op.evaluate(problem);
}

Answer compress(Tensor weight, const Values& scale, Tensor zero_point, std::int64_t bits) {
  Shape shape = weight.shape();
  shape.back() = 1;
  return evaluate(nncf_compress_constants(),
                  {std::move(weight), tensor(DType::f32, shape, scale), std::move(zero_point)}, {{"bits", bits}});
}

Values decompress(Tensor packed, const Values& scale, Tensor zero_point, Sizes params, DType out) {
  params["out"] = static_cast<std::int64_t>(out);
  const Tensor scales = tensor(DType::f16, {std::ssize(scale), 1}, scale);
  return evaluate(nncf_decompress(), {std::move(packed), scales, std::move(zero_point)}, params)[0].value;
}

TEST(NncfCompressConstants, SignedNibblesAreStoredAsOffsetBinary) {
  const Answer answer = compress(tensor(DType::i8, {2, 2}, {-8, 7, 0, -1}), {1, 2}, {}, 4);
  EXPECT_EQ(answer[0].value, (Values{0xf0, 0x78}));
  EXPECT_EQ(answer[2].value, Values{});
}

TEST(NncfCompressConstants, UnsignedCodesAndZeroPointsAreStoredAsTheyAre) {
  const Answer nibbles =
      compress(tensor(DType::u8, {2, 1, 2}, {0, 15, 3, 4}), {1, 2}, tensor(DType::u8, {2, 1, 1}, {5, 14}), 4);
  EXPECT_EQ(nibbles[0].value, (Values{0xf0, 0x43}));
  EXPECT_EQ(nibbles[2].value, (Values{0xe5}));
  const Answer pairs =
      compress(tensor(DType::u8, {4, 1}, {0, 1, 2, 3}), {1, 1, 1, 1}, tensor(DType::u8, {4, 1}, {3, 2, 1, 0}), 2);
  EXPECT_EQ(pairs[0].value, (Values{0b11100100}));
  EXPECT_EQ(pairs[2].value, (Values{0b00011011}));
}

TEST(NncfCompressConstants, BytesAreKeptAndSignedPairsAreOffset) {
  EXPECT_EQ(compress(tensor(DType::i8, {1, 3}, {-128, -1, 127}), {1}, {}, 8)[0].value, (Values{128, 255, 127}));
  EXPECT_EQ(compress(tensor(DType::i32, {1, 4}, {-2, -1, 0, 1}), {1}, {}, 2)[0].value, (Values{0b11100100}));
}

// f16 has 11 bits: 2049 is a tie between 2048 and 2050, 2051 one between 2050 and 2052. 65520 is the first to overflow.
TEST(NncfCompressConstants, ScalesAreRoundedToHalfAndMayOverflow) {
  const Tensor weight = tensor(DType::i8, {6, 1}, Values(6, 0));
  EXPECT_EQ(compress(weight, {2049, 2051, 65519, 65520, 0x1p-25, 0x1.8p-24}, {}, 8)[1].value,
            (Values{2048, 2052, 65504, INFINITY, 0, 0x1p-23}));
}

TEST(NncfCompressConstants, CodesOutOfRangeAreRefused) {
  EXPECT_THROW((void)compress(tensor(DType::i32, {1, 2}, {0, 8}), {1}, {}, 4), Error);
  EXPECT_THROW((void)compress(tensor(DType::i32, {1, 2}, {0, -9}), {1}, {}, 4), Error);
  EXPECT_THROW((void)compress(tensor(DType::i32, {2, 1}, {0, 16}), {1, 1}, tensor(DType::u8, {2, 1}, {0, 0}), 4),
               Error);
  EXPECT_THROW((void)compress(tensor(DType::u8, {2, 1}, {0, 1}), {1, 1}, tensor(DType::u8, {2, 1}, {0, 16}), 4), Error);
  EXPECT_THROW((void)compress(tensor(DType::i32, {1, 2}, {0, 128}), {1}, {}, 8), Error);
}

TEST(NncfCompressConstants, NumbersThatFillNoWholeBytesAreRefused) {
  EXPECT_THROW((void)compress(tensor(DType::i8, {3, 3}, Values(9, 1)), {1, 1, 1}, {}, 4), Error);
  EXPECT_THROW(
      (void)compress(tensor(DType::u8, {3, 2}, Values(6, 1)), {1, 1, 1}, tensor(DType::u8, {3, 1}, {1, 1, 1}), 4),
      Error);
  EXPECT_THROW((void)compress(tensor(DType::i8, {1, 4}, Values(4, 1)), {1}, {}, 3), Error);
}

// Upstream forgot the check in two of its four classes, and the conversion to integers cuts fractions off.
TEST(NncfCompressConstants, FractionsAreCutOffWhereUpstreamTakesThem) {
  EXPECT_EQ(compress(tensor(DType::f32, {1, 3}, {1.9, -1.9, 126.99}), {1}, {}, 8)[0].value, (Values{1, 255, 126}));
  const Tensor zero_point = tensor(DType::u8, {2, 1}, {0, 0});
  EXPECT_EQ(compress(tensor(DType::f32, {2, 1}, {2.5, 14.99}), {1, 1}, zero_point, 4)[0].value, (Values{0xe2}));
  EXPECT_THROW((void)compress(tensor(DType::f32, {1, 2}, {1, 2}), {1}, {}, 4), Error);
  EXPECT_THROW((void)compress(tensor(DType::f32, {1, 2}, {1, 2}), {1}, tensor(DType::u8, {1, 1}, {0}), 8), Error);
  EXPECT_THROW((void)compress(tensor(DType::f32, {2, 1}, {15.5, 0}), {1, 1}, zero_point, 4), Error);
}

TEST(NncfDecompress, CodesLessZeroPointsTimesScale) {
  EXPECT_EQ(decompress(tensor(DType::u8, {2, 1}, {0xf0, 0x78}), {0.5, -2}, {}, {{"columns", 2}}, DType::f32),
            (Values{-4, 3.5, 0, 2}));
  EXPECT_EQ(decompress(tensor(DType::u8, {2, 1}, {0xf0, 0x78}), {0.5, -2}, tensor(DType::u8, {1, 1}, {0x91}),
                       {{"columns", 2}}, DType::f16),
            (Values{-0.5, 7, 2, 4}));
  EXPECT_EQ(decompress(tensor(DType::u8, {1, 1}, {0b11100100}), {1}, {}, {{"columns", 4}, {"bits", 2}}, DType::f32),
            (Values{-2, -1, 0, 1}));
  EXPECT_EQ(decompress(tensor(DType::u8, {2, 1}, {0x80, 0x7f}), {1}, {}, {{"columns", 2}, {"bits", 8}}, DType::f32),
            (Values{-128, 127}));
  EXPECT_EQ(decompress(tensor(DType::u8, {2, 1}, {0, 255}), {1}, tensor(DType::u8, {1, 1}, {200}),
                       {{"columns", 2}, {"bits", 8}}, DType::f32),
            (Values{-200, 55}));
}

// 7 * 1.0009765625 = 7.0068359375 lies between halves 7.00390625 and 7.0078125; bf16 then has 7 alone nearby.
TEST(NncfDecompress, RoundsToHalfFirst) {
  const Tensor packed = tensor(DType::u8, {1, 1}, {0x0f});
  EXPECT_EQ(decompress(packed, {0x1.004p0}, {}, {{"columns", 2}}, DType::f32), (Values{7.0078125, -8.0078125}));
  EXPECT_EQ(decompress(packed, {0x1.004p0}, {}, {{"columns", 2}}, DType::bf16), (Values{7, -8}));
  EXPECT_EQ(decompress(packed, {65504}, {}, {{"columns", 2}}, DType::f32), (Values{INFINITY, -INFINITY}));
}

TEST(NncfDecompress, InfiniteScaleTimesZeroIsNotANumber) {
  const Values value = decompress(tensor(DType::u8, {1, 1}, {0x08}), {INFINITY}, {}, {{"columns", 2}}, DType::f16);
  EXPECT_TRUE(std::isnan(value[0]));
  EXPECT_EQ(value[1], -INFINITY);
}

}  // namespace
}  // namespace plumb
