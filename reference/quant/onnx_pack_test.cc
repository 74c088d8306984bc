#include "reference/quant/onnx_pack.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

Tensor tensor(DType dtype, Shape shape, const std::vector<int>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

std::vector<double> evaluate(const Op& op, Tensor input, const Sizes& params = {}) {
  const Offer offer = offer_of(input);
  Problem problem{infer_signature(op, std::span(&offer, 1), params), {}};
  problem.inputs.push_back(std::move(input));
  check_values(op, problem);
  return op.evaluate(problem)[0].value;
}

TEST(OnnxPack4bit, SignedCodesAreTwosComplement) {
  const Op op = onnx_pack_4bit();
  EXPECT_EQ(evaluate(op, tensor(DType::i8, {2, 3}, {-8, 2, 7, -1, 0, -8})), (std::vector<double>{0x28, -9, -128}));
  EXPECT_EQ(evaluate(op, tensor(DType::u8, {4}, {1, 2, 0, 15})), (std::vector<double>{0x21, 0xf0}));
}

TEST(OnnxPack4bit, CodesOutOfRangeAndAnOddNumberAreRefused) {
  const Op op = onnx_pack_4bit();
  EXPECT_THROW((void)evaluate(op, tensor(DType::i8, {2}, {8, 0})), Error);
  EXPECT_THROW((void)evaluate(op, tensor(DType::i8, {2}, {0, -9})), Error);
  EXPECT_THROW((void)evaluate(op, tensor(DType::u8, {2}, {0, 16})), Error);
  EXPECT_THROW((void)evaluate(op, tensor(DType::u8, {3}, {1, 2, 3})), Error);
}

// golden/openvino/nncf_pack.h5, case onnx_matmulnbits_i4_k5_n2_b5, transposed for reading.
TEST(OnnxPackInt4Blocks, AnOddBlockEndsInZeroBits) {
  const Tensor codes = tensor(DType::i8, {5, 2}, {-7, 3, -7, 0, -2, 1, -4, -3, -7, -8});
  EXPECT_EQ(evaluate(onnx_pack_int4_blocks(), codes, {{"block", 5}}),
            (std::vector<double>{0x11, 0x46, 0x01, 0x8b, 0x59, 0x00}));
}

// K = 3 is padded to two blocks of 2: the fourth code is 0 bits, which a signed reader takes for -8.
TEST(OnnxPackInt4Blocks, PaddingOfKIsZeroBitsAlsoOfSignedCodes) {
  EXPECT_EQ(evaluate(onnx_pack_int4_blocks(), tensor(DType::i8, {3, 1}, {0, 1, 2}), {{"block", 2}}),
            (std::vector<double>{0x98, 0x0a}));
  EXPECT_EQ(evaluate(onnx_pack_int4_blocks(), tensor(DType::u8, {3, 1}, {1, 15, 2}), {{"block", 4}}),
            (std::vector<double>{0xf1, 0x02}));
}

TEST(OnnxPackInt4Blocks, ShapeAndRefusals) {
  const Op op = onnx_pack_int4_blocks();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"K", 9}, {"N", 2}, {"block", 5}})), (Shape{2, 2, 3}));
  EXPECT_THROW((void)evaluate(op, tensor(DType::u8, {2, 1}, {1, 2}), {{"block", 0}}), Error);
  EXPECT_THROW((void)evaluate(op, tensor(DType::u8, {2, 1}, {1, 16}), {{"block", 2}}), Error);
}

}  // namespace
}  // namespace plumb
