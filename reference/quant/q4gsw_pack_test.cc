#include "reference/quant/q4gsw_pack.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

const Tensor kFive = tensor_of(DType::i8, {2, 5}, {1, -4, -4, -6, 6, 1, 0, -6, 6, 4});

// golden/executorch/weight_pack.h5, case pack_n2_k5.
TEST(PackQ4gsw, EvenColumnsLieLowAndRowsArePaddedWithCode0) {
  EXPECT_EQ(answer_of(pack_q4gsw(), {kFive}), (Values{0x49, 0x24, 0x8e, 0x88, 0x89, 0xe2, 0x8c, 0x88}));
}

TEST(PackQ4gsw, PaddingIsAParameter) {
  EXPECT_EQ(answer_of(pack_q4gsw(), {kFive}, {{"padding", 3}}), (Values{0x49, 0x24, 0x8e, 0x89, 0xe2, 0x8c}));
  const Tensor two = tensor_of(DType::i8, {1, 2}, {-8, 7});
  for (const std::int64_t padding : {0, 1, 2}) {
    EXPECT_EQ(answer_of(pack_q4gsw(), {two}, {{"padding", padding}}), Values{0xf0}) << padding;
  }
  for (const std::int64_t padding : {0, 1, 5, -8}) {
    EXPECT_THROW((void)answer_of(pack_q4gsw(), {kFive}, {{"padding", padding}}), Error) << padding;
  }
}

TEST(PackQ4gsw, TakesEveryIntegerType) {
  for (const DType dtype : {DType::i32, DType::i64}) {
    EXPECT_EQ(answer_of(pack_q4gsw(), {tensor_of(dtype, {1, 2}, {-8, 7})}, {{"padding", 0}}), Values{0xf0});
  }
  EXPECT_EQ(answer_of(pack_q4gsw(), {tensor_of(DType::u8, {1, 2}, {0, 7})}, {{"padding", 0}}), Values{0xf8});
}

TEST(PackQ4gsw, CodesOutOfRangeAreRefused) {
  for (const double code : {-9, 8, 127, -128}) {
    EXPECT_THROW((void)answer_of(pack_q4gsw(), {tensor_of(DType::i8, {1, 2}, {0, code})}), Error) << code;
  }
  EXPECT_THROW((void)answer_of(pack_q4gsw(), {tensor_of(DType::u8, {1, 2}, {0, 8})}), Error);
}

TEST(PackQ4gsw, OtherRanksLoseTheirOnes) {
  const auto shape_of_packed = [](const Shape& shape) {
    const Op op = pack_q4gsw();
    return output_forms(op, problem_of(op, {Tensor(DType::i8, shape)}).signature)[0].shape;
  };
  EXPECT_EQ(shape_of_packed({1, 10}), (Shape{1, 8}));
  EXPECT_EQ(shape_of_packed({1, 4, 10}), (Shape{4, 8}));
  EXPECT_EQ(shape_of_packed({4, 10, 1, 1}), (Shape{4, 8}));
  for (const Shape& shape : {Shape{10}, {2, 4, 10}, {1, 1, 10}, {4, 1, 1}, {1, 1, 1}, {}, {0, 8}, {8, 0}}) {
    EXPECT_THROW((void)shape_of_packed(shape), Error) << to_string(shape);
  }
}

TEST(UnpackQ4gsw, DropsThePadding) {
  const Tensor packed = tensor_of(DType::u8, {2, 2}, {0x49, 0xf0, 0x08, 0x37});
  EXPECT_EQ(answer_of(unpack_q4gsw(), {packed}, {{"columns", 3}}), (Values{1, -4, -8, 0, -8, -1}));
  EXPECT_EQ(answer_of(unpack_q4gsw(), {packed}, {{"columns", 4}}), (Values{1, -4, -8, 7, 0, -8, -1, -5}));
  EXPECT_THROW((void)answer_of(unpack_q4gsw(), {packed}, {{"columns", 5}}), Error);
  EXPECT_THROW((void)answer_of(unpack_q4gsw(), {packed}), Error);
}

TEST(UnpackQ4gsw, InvertsPack) {
  const Values packed = answer_of(pack_q4gsw(), {kFive});
  const Values codes = answer_of(unpack_q4gsw(), {tensor_of(DType::u8, {2, 4}, packed)}, {{"columns", 5}});
  for (std::int64_t i = 0; i < kFive.size(); ++i) EXPECT_EQ(codes[static_cast<std::size_t>(i)], kFive.at(i));
}

}  // namespace
}  // namespace plumb
