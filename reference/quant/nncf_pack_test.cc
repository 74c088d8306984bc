#include "reference/quant/nncf_pack.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

Tensor bytes(DType dtype, Shape shape, const std::vector<int>& values) {
  Tensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.set(static_cast<std::int64_t>(i), values[i]);
  return tensor;
}

std::vector<double> evaluate(const Op& op, Tensor input, const Sizes& params = {}) {
  const Offer offer = offer_of(input);
  Problem problem{infer_signature(op, std::span(&offer, 1), params), {}};
  problem.inputs.push_back(std::move(input));
  return op.evaluate(problem)[0].value;
}

TEST(PackUint4, LowNibbleFirstInFlatOrder) {
  const Tensor codes = bytes(DType::u8, {2, 3}, {1, 2, 3, 4, 5, 15});
  EXPECT_EQ(evaluate(pack_uint4(), codes), (std::vector<double>{0x21, 0x43, 0xf5}));
}

TEST(PackUint4, HighBitsAreLost) {
  const Tensor codes = bytes(DType::u8, {4}, {0x12, 0xff, 0xf0, 0x0f});
  EXPECT_EQ(evaluate(pack_uint4(), codes), (std::vector<double>{0xf2, 0xf0}));
}

TEST(PackUint4, ResultIsAColumn) {
  const Op op = pack_uint4();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"n", 6}})), (Shape{3, 1}));
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"n", 0}})), (Shape{0, 1}));
  EXPECT_EQ(evaluate(op, Tensor(DType::u8, {0})), std::vector<double>{});
}

TEST(PackUint4, AnOddNumberAndSignedCodesAreRefused) {
  EXPECT_THROW((void)evaluate(pack_uint4(), Tensor(DType::u8, {3})), Error);
  EXPECT_THROW((void)evaluate(pack_uint4(), Tensor(DType::i8, {4})), Error);
}

TEST(UnpackUint4, LowNibbleFirst) {
  EXPECT_EQ(evaluate(unpack_uint4(), bytes(DType::u8, {3}, {0x21, 0xf0, 0x8f})),
            (std::vector<double>{1, 2, 0, 15, 15, 8}));
}

// numpy and torch: int8 & 15 is 0 … 15, but int8 >> 4 keeps the sign.
TEST(UnpackUint4, HighCodeOfASignedContainerIsSigned) {
  EXPECT_EQ(evaluate(unpack_uint4(), bytes(DType::i8, {4}, {0x21, -128, -1, 0x7f})),
            (std::vector<double>{1, 2, 0, -8, 15, -1, 15, 7}));
}

TEST(UnpackUint4, ResultHasOneMoreDimension) {
  const Op op = unpack_uint4();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"n", 6}, {"lead", 2}})), (Shape{2, 3, 2}));
  EXPECT_THROW((void)evaluate(op, Tensor(DType::i32, {3})), Error);
}

// golden/openvino/nncf_pack.h5, cases pack_int4_all_minimum and pack_int4_all_maximum; 127 + 8 wraps to -121.
TEST(PackInt4, CodesAreStoredPlusEight) {
  EXPECT_EQ(evaluate(pack_int4(), bytes(DType::i8, {8}, {-8, 7, 0, -1, 8, 127, -128, -9})),
            (std::vector<double>{0xf0, 0x78, 0x70, 0xf8}));
  EXPECT_THROW((void)evaluate(pack_int4(), Tensor(DType::u8, {2})), Error);
  EXPECT_THROW((void)evaluate(pack_int4(), Tensor(DType::i8, {3})), Error);
}

TEST(UnpackInt4, CodesAreSignedWhateverTheContainer) {
  EXPECT_EQ(evaluate(unpack_int4(), bytes(DType::u8, {3}, {0xf0, 0x78, 0x8f})),
            (std::vector<double>{-8, 7, 0, -1, 7, 0}));
  const Op op = unpack_int4();
  EXPECT_EQ(dtype_of(op.outputs[0], op, make_signature(op, {{"n", 1}})), DType::i8);
}

// (-16 >> 4) - 8 = -9: the high code of a signed container is shifted with its sign before 8 is taken away.
TEST(UnpackInt4, HighCodesOfASignedContainerAreNegative) {
  EXPECT_EQ(evaluate(unpack_int4(), bytes(DType::i8, {3}, {-16, 0x78, -128})),
            (std::vector<double>{-8, -9, 0, -1, -8, -16}));
}

TEST(PackUint2, FirstCodeInTheLowestBits) {
  EXPECT_EQ(evaluate(pack_uint2(), bytes(DType::u8, {8}, {1, 2, 3, 0, 0xff, 0x14, 5, 2})),
            (std::vector<double>{0x39, 0x93}));
  EXPECT_THROW((void)evaluate(pack_uint2(), Tensor(DType::u8, {6})), Error);
  const Op op = pack_uint2();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"n", 12}})), (Shape{3, 1}));
}

TEST(UnpackUint2, EveryCodeIsMaskedAlsoOfASignedContainer) {
  const std::vector<double> codes = {1, 2, 3, 0, 3, 3, 3, 3, 0, 0, 0, 2};
  EXPECT_EQ(evaluate(unpack_uint2(), bytes(DType::u8, {3}, {0x39, 0xff, 0x80})), codes);
  EXPECT_EQ(evaluate(unpack_uint2(), bytes(DType::i8, {3}, {0x39, -1, -128})), codes);
  const Op op = unpack_uint2();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"n", 6}, {"lead", 2}})), (Shape{2, 3, 4}));
}

TEST(UnpackUint4, InvertsPackOfCodes) {
  std::vector<int> codes;
  for (int i = 0; i < 512; ++i) codes.push_back(i % 2 == 0 ? i / 2 % 16 : i / 32);
  const std::vector<double> packed = evaluate(pack_uint4(), bytes(DType::u8, {512}, codes));
  const std::vector<double> unpacked =
      evaluate(unpack_uint4(), bytes(DType::u8, {256}, std::vector<int>(packed.begin(), packed.end())));
  EXPECT_EQ(unpacked, std::vector<double>(codes.begin(), codes.end()));
}

}  // namespace
}  // namespace plumb
