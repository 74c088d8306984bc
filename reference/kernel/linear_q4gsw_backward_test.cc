#include "reference/kernel/linear_q4gsw_backward.h"

#include <gtest/gtest.h>

#include "reference/testing/grouped.h"

namespace plumb {
namespace {

// Two outputs, eight columns in groups of four; codes 1 … 7 and -8 of row 0, all 2 of row 1.
std::vector<Tensor> small() {
  return {tensor_from(DType::f32, {1, 2}, {3, 10}),
          tensor_from(DType::u8, {2, 4}, {0xa9, 0xcb, 0xed, 0x0f, 0xaa, 0xaa, 0xaa, 0xaa}),
          tensor_from(DType::f32, {2, 2}, {1, 0.5, 2, 0.25})};
}

TEST(LinearQ4gswBackward, SumsOverOutputs) {
  // 3 code + 10 2 / 2 in the first group, 6 code + 20 / 4 in the second
  EXPECT_EQ(evaluated(linear_q4gsw_backward(), small(), {{"group", 4}}).value,
            (std::vector<double>{13, 16, 19, 22, 35, 41, 47, -43}));
}

TEST(LinearQ4gswBackward, MagnitudesAreOfItsProducts) {
  const Expected expected = evaluated(linear_q4gsw_backward(), small(), {{"group", 4}});
  EXPECT_EQ(expected.magnitude, (std::vector<double>{13, 16, 19, 22, 35, 41, 47, 53}));
  EXPECT_EQ(expected.largest_weight, (std::vector<double>{1, 2, 3, 4, 10, 12, 14, 16}));
}

}  // namespace
}  // namespace plumb
