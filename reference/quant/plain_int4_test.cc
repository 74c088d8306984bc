#include "reference/quant/plain_int4.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Tensor integers(DType dtype, Shape shape, const std::vector<int>& values) {
  Tensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.set(static_cast<std::int64_t>(i), values[i]);
  return tensor;
}

Values evaluate(const Op& op, Tensor input, const Sizes& params = {}) {
  const Offer offer = offer_of(input);
  Problem problem{infer_signature(op, std::span(&offer, 1), params), {}};
  problem.inputs.push_back(std::move(input));
  check_values(op, problem);
  return op.evaluate(problem)[0].value;
}

TEST(PackPlainInt32, ElementIOfAWordLiesInBits4I) {
  const Tensor codes = integers(DType::i32, {2, 8}, {1, 2, 3, 4, 5, 6, 7, 0, 15, 0, 0, 0, 0, 0, 0, 9});
  EXPECT_EQ(evaluate(pack_plain_int32(), codes), (Values{0x07654321, -0x6ffffff1}));  // 0x9000000f
  EXPECT_EQ(evaluate(pack_plain_int32(), Tensor(DType::i32, {3, 0})), Values{});
}

TEST(PackPlainInt32, SignedCodesAreTwosComplement) {
  const Tensor codes = integers(DType::i32, {1, 8}, {-1, -8, 7, 0, 1, -2, 3, -1});
  EXPECT_EQ(evaluate(pack_plain_int32(), codes, {{"signed", 1}}), (Values{-0x0c1ef871}));  // 0xf3e1078f
}

TEST(PackPlainInt32, RefusesWhatDoesNotFit) {
  const Op op = pack_plain_int32();
  EXPECT_THROW((void)evaluate(op, Tensor(DType::i32, {1, 12})), Error);
  EXPECT_THROW((void)evaluate(op, Tensor(DType::u8, {1, 8})), Error);
  EXPECT_THROW((void)evaluate(op, Tensor(DType::i32, {8})), Error);
  for (const int code : {-1, 16}) {
    EXPECT_THROW((void)evaluate(op, integers(DType::i32, {1, 8}, {0, code})), Error) << code;
  }
  for (const int code : {-9, 8}) {
    EXPECT_THROW((void)evaluate(op, integers(DType::i32, {1, 8}, {0, code}), {{"signed", 1}}), Error) << code;
  }
}

TEST(UnpackPlainInt32, ReadsWhatEitherDeviceWrote) {
  const Tensor words = integers(DType::i32, {1, 2}, {0x07654321, -0x0c1ef871});
  EXPECT_EQ(evaluate(unpack_plain_int32(), words), (Values{1, 2, 3, 4, 5, 6, 7, 0, 15, 8, 7, 0, 1, 14, 3, 15}));
  EXPECT_EQ(evaluate(unpack_plain_int32(), words, {{"signed", 1}}),
            (Values{1, 2, 3, 4, 5, 6, 7, 0, -1, -8, 7, 0, 1, -2, 3, -1}));
}

TEST(PackPlainInt4, LowNibbleIsTheEvenColumn) {
  const Tensor codes = integers(DType::i8, {2, 4}, {1, 2, -1, -8, 7, 0, -2, 3});
  EXPECT_EQ(evaluate(pack_plain_int4(), codes), (Values{0x21, 0x8f - 256, 0x07, 0x3e}));
  const Sizes u8 = {{"container", static_cast<std::int64_t>(DType::u8)}};
  EXPECT_EQ(evaluate(pack_plain_int4(), codes, u8), (Values{0x21, 0x8f, 0x07, 0x3e}));
}

TEST(PackPlainInt4, RefusesWhatDoesNotFit) {
  EXPECT_THROW((void)evaluate(pack_plain_int4(), Tensor(DType::i8, {1, 3})), Error);
  EXPECT_THROW((void)evaluate(pack_plain_int4(), Tensor(DType::u8, {1, 4})), Error);
  for (const int code : {-9, 8}) {
    EXPECT_THROW((void)evaluate(pack_plain_int4(), integers(DType::i8, {1, 2}, {0, code})), Error) << code;
  }
}

TEST(UnpackPlainInt4, BothNibblesKeepTheirSign) {
  const Values codes = {1, 2, -1, -8, 7, 0, -2, 3};
  EXPECT_EQ(evaluate(unpack_plain_int4(), integers(DType::i8, {2, 2}, {0x21, 0x8f - 256, 0x07, 0x3e})), codes);
  EXPECT_EQ(evaluate(unpack_plain_int4(), integers(DType::u8, {2, 2}, {0x21, 0x8f, 0x07, 0x3e})), codes);
}

}  // namespace
}  // namespace plumb
