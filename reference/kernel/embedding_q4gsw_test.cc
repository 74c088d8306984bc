#include "reference/kernel/embedding_q4gsw.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

Expected evaluate(std::vector<Tensor> inputs, const Sizes& params) {
  const Op op = embedding_q4gsw();
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  return op.evaluate({infer_signature(op, offers, params), std::move(inputs)})[0];
}

// N = 3, K = 4, group = 2; even column in the high nibble.
//   row 0: -8 7 | 0 1, scales 0.5 2;  row 1: -1 2 | 3 -4, scales 1 -1;  row 2: 5 5 | -3 -3, scales 4 0
std::vector<Tensor> table(Tensor indices) {
  return {tensor(DType::u8, {3, 2}, {0x0f, 0x89, 0x7a, 0xb4, 0xdd, 0x55}),
          tensor(DType::f32, {3, 2}, {0.5, 2, 1, -1, 4, 0}), std::move(indices)};
}

TEST(EmbeddingQ4gsw, LooksUpRowsInTheOrderOfTheIndices) {
  for (const DType index : {DType::i64, DType::i32}) {
    EXPECT_EQ(evaluate(table(tensor(index, {3}, {1, 0, 1})), {{"group", 2}}).value,
              (std::vector<double>{-1, 2, -3, 4, -4, 3.5, 0, 2, -1, 2, -3, 4}));
  }
}

TEST(EmbeddingQ4gsw, LinearTablesHaveTheEvenColumnInTheLowNibble) {
  EXPECT_EQ(evaluate(table(tensor(DType::i64, {1}, {0})), {{"group", 2}, {"linear", 1}}).value,
            (std::vector<double>{3.5, -4, 2, 0}));
}

TEST(EmbeddingQ4gsw, IndicesOfAnyRank) {
  const Op op = embedding_q4gsw();
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 1, 1}}) {
    EXPECT_EQ(evaluate(table(tensor(DType::i64, shape, {2})), {{"group", 2}}).value,
              (std::vector<double>{20, 20, 0, 0}))
        << to_string(shape);
  }
  const Sizes sizes = {{"M", 6}, {"N", 3}, {"K", 4}, {"group", 2}, {"lead", 2}};
  EXPECT_EQ(shape_of(op.outputs[0], make_signature(op, sizes)), (Shape{2, 3, 4}));
}

TEST(EmbeddingQ4gsw, OneScaleMayHaveRankOne) {
  const std::vector<Tensor> inputs = {tensor(DType::u8, {1, 1}, {0x9a}), tensor(DType::bf16, {1}, {0.5}),
                                      tensor(DType::i64, {2}, {0, 0})};
  EXPECT_EQ(evaluate(inputs, {{"group", 2}}).value, (std::vector<double>{0.5, 1, 0.5, 1}));
}

TEST(EmbeddingQ4gsw, ProductsAreNotRoundedToTheOutput) {
  const auto f16 = static_cast<std::int64_t>(DType::f16);
  std::vector<Tensor> inputs = table(tensor(DType::i64, {1}, {1}));
  inputs[1].set(2, 0x1.000002p0);  // 1 + 2^-23
  EXPECT_EQ(evaluate(std::move(inputs), {{"group", 2}, {"out", f16}}).value,
            (std::vector<double>{-0x1.000002p0, 0x1.000002p1, -3, 4}));
}

TEST(EmbeddingQ4gsw, TermsOfTheBound) {
  const Expected expected = evaluate(table(tensor(DType::i64, {2}, {0, 2})), {{"group", 2}});
  EXPECT_EQ(expected.magnitude, (std::vector<double>{4, 3.5, 0, 2, 20, 20, 0, 0}));
  EXPECT_EQ(expected.peak, expected.magnitude);
  EXPECT_EQ(expected.underflow, (std::vector<double>{8, 7, 0, 1, 5, 5, 3, 3}));  // |code|
}

TEST(EmbeddingQ4gsw, OddTablesAndScalarIndicesOfSeveralAreRefused) {
  const Op op = embedding_q4gsw();
  EXPECT_THROW((void)make_signature(op, {{"M", 1}, {"N", 1}, {"K", 3}, {"group", 3}}), Error);
  EXPECT_THROW((void)make_signature(op, {{"M", 2}, {"N", 1}, {"K", 4}, {"group", 2}, {"lead", 0}}), Error);
}

}  // namespace
}  // namespace plumb
