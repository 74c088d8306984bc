#include "reference/quant/slice_groups.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

Tensor counting(DType dtype, Shape shape) {
  Tensor tensor(dtype, std::move(shape));
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, static_cast<double>(i));
  return tensor;
}

// Of [3, 4] in groups of two.
Answer sliced(std::int64_t first_row, std::int64_t rows, std::int64_t first_column, std::int64_t columns) {
  const Sizes params = {
      {"block", 2}, {"first_row", first_row}, {"rows", rows}, {"first_column", first_column}, {"columns", columns}};
  return evaluate_step(slice_groups(), params,
                       {counting(DType::i8, {3, 4}), counting(DType::f32, {3, 2}), counting(DType::i8, {3, 2})});
}

TEST(SliceGroups, CutsCodesWithTheirScales) {
  const Answer rows = sliced(1, 2, 0, 4);
  EXPECT_EQ(rows[0].value, (std::vector<double>{4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(rows[1].value, (std::vector<double>{2, 3, 4, 5}));
  const Answer columns = sliced(0, 3, 2, 2);
  EXPECT_EQ(columns[0].value, (std::vector<double>{2, 3, 6, 7, 10, 11}));
  EXPECT_EQ(columns[2].value, (std::vector<double>{1, 3, 5}));
}

TEST(SliceGroups, CutsNoGroup) {
  EXPECT_THROW((void)sliced(0, 1, 1, 2), Error);
  EXPECT_THROW((void)sliced(0, 1, 0, 3), Error);
}

TEST(SliceGroups, StaysWithinTheWeight) {
  EXPECT_THROW((void)sliced(2, 2, 0, 4), Error);
  EXPECT_THROW((void)sliced(-1, 2, 0, 4), Error);
  EXPECT_THROW((void)sliced(0, 1, 2, 4), Error);
}

}  // namespace
}  // namespace plumb
