#include "reference/quant/weight_blocks.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

double word(std::uint32_t bits) { return static_cast<std::int32_t>(bits); }

// Nibble (n, k) of six rows of eight columns is n + k, so byte j of row n is n + 2j | (n + 2j + 1) << 4.
Tensor six_rows() {
  Tensor weight(DType::u8, {6, 4});
  for (std::int64_t n = 0; n < 6; ++n) {
    for (std::int64_t j = 0; j < 4; ++j) {
      weight.set(n * 4 + j, static_cast<double>((n + 2 * j) | (n + 2 * j + 1) << 4));
    }
  }
  return weight;
}

TEST(PackQ4LinearWeight, RowsRAndRPlus4ShareAWord) {
  EXPECT_EQ(answer_of(pack_q4_linear_weight(), {six_rows()}),
            (Values{word(0x73625140), word(0x84736251), word(0x85848382), word(0x86858483),  // columns 0 ... 3
                    word(0xb7a69584), word(0xc8b7a695), word(0x89888786), word(0x8a898887)}));
}

TEST(PackW4x8, NeighbouringRowsShareAWord) {
  const Values left = {word(0x43322110), word(0x65544332), word(0x87766554), word(0x88888888)};
  const Values right = {word(0x87766554), word(0xa9988776), word(0xcbbaa998), word(0x88888888)};
  Values both = left;
  both.insert(both.end(), right.begin(), right.end());
  EXPECT_EQ(answer_of(pack_w_4x8(), {six_rows()}, {{"order", 0}}), both);
  EXPECT_EQ(answer_of(pack_w_4x8(), {six_rows()}, {{"order", 1}}), both);
}

// Two blocks of rows and two of columns: where each vector goes.
TEST(PackW4x8, TheOrderOfVectorsIsAChoice) {
  Tensor weight(DType::u8, {9, 4});
  weight.set(8 * 4, 0x0f);      // row 8, columns 0 and 1
  weight.set(8 * 4 + 2, 0x0e);  // row 8, columns 4 and 5
  const auto first_words = [&](std::int64_t order) {
    const Values all = answer_of(pack_w_4x8(), {weight}, {{"order", order}});
    return Values{all[0], all[4], all[8], all[12]};
  };
  EXPECT_EQ(first_words(0), (Values{0, word(0x8080808f), 0, word(0x8080808e)}));
  EXPECT_EQ(first_words(1), (Values{0, 0, word(0x8080808f), word(0x8080808e)}));
  const Op op = pack_w_4x8();
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"N", 9}, {"K", 24}, {"order", 0}})), (Shape{6, 2, 4}));
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, {{"N", 9}, {"K", 24}, {"order", 1}})), (Shape{2, 6, 4}));
}

TEST(PackQ8LinearWeight, AWordIsFourColumnsOfARow) {
  const Tensor codes = tensor_of(DType::i8, {2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6, -7, -128});
  EXPECT_EQ(answer_of(pack_q8_linear_weight(), {codes}),
            (Values{word(0x04030201), word(0xfcfdfeff), 0, 0, word(0x08070605), word(0x80f9fafb), 0, 0}));
}

TEST(PackInt4Transposed, RowsRAndRPlus4ShareAByte) {
  Tensor weight(DType::u8, {8, 1});  // row n holds n and 15 - n
  for (std::int64_t n = 0; n < 8; ++n) weight.set(n, static_cast<double>(n << 4 | (15 - n)));
  EXPECT_EQ(answer_of(pack_int4_transposed(), {weight}), (Values{0x04, 0x15, 0x26, 0x37, 0xfb, 0xea, 0xd9, 0xc8}));
}

TEST(WeightBlocks, PartOfABlockOfColumnsIsRefused) {
  EXPECT_THROW((void)answer_of(pack_q4_linear_weight(), {Tensor(DType::u8, {8, 2})}), Error);
  EXPECT_THROW((void)answer_of(pack_w_4x8(), {Tensor(DType::u8, {8, 2})}), Error);
  EXPECT_THROW((void)answer_of(pack_q8_linear_weight(), {Tensor(DType::i8, {8, 6})}), Error);
  EXPECT_THROW((void)answer_of(pack_int4_transposed(), {Tensor(DType::u8, {12, 2})}), Error);
}

}  // namespace
}  // namespace plumb
