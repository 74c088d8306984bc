#include "reference/quant/embedding_4bit.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

const Tensor kTable = tensor(DType::u8, {2, 1}, {0x8f, 0x70}), kIndices = tensor(DType::i64, {2}, {1, 0});

TEST(Embedding4bit, TheEvenColumnIsInTheHighNibble) {
  const Tensor scales = tensor(DType::f32, {2, 1}, {2, 3});
  EXPECT_EQ(evaluate_step(embedding_4bit(), {{"group", 2}}, {kTable, scales, Tensor(), kIndices})[0].value,
            (std::vector<double>{-3, -24, 0, 14}));
}

TEST(Embedding4bit, ZeroPointsHaveTheTypeOfScales) {
  const Tensor scales = tensor(DType::f32, {2, 2}, {2, 4, 3, 1});
  const Tensor zero_points = tensor(DType::f32, {2, 2}, {1, -1, 2, -8});
  EXPECT_EQ(evaluate_step(embedding_4bit(), {{"group", 1}}, {kTable, scales, zero_points, kIndices})[0].value,
            (std::vector<double>{-9, 0, -2, 32}));
  const Tensor integers = tensor(DType::i8, {2, 2}, {1, -1, 2, -8});
  EXPECT_THROW((void)evaluate_step(embedding_4bit(), {{"group", 1}}, {kTable, scales, integers, kIndices}), Error);
}

}  // namespace
}  // namespace plumb
