#include "reference/kernel/linear_qcs4w.h"

#include <gtest/gtest.h>

#include "reference/testing/grouped.h"

namespace plumb {
namespace {

// Row 0: nibbles 1 2 (even column high), row 1: 15 8.
std::vector<Tensor> small() {
  return {tensor_from(DType::f32, {2, 2}, {1, 10, 0, -1}), tensor_from(DType::u8, {2, 1}, {0x12, 0xf8}),
          tensor_from(DType::f32, {2}, {0.5, 2})};
}

TEST(LinearQcs4w, UnsignedCodesAreTakenAsTheyAre) {
  // (1 + 20) / 2, (15 + 80) 2, -2 / 2, -8 2
  EXPECT_EQ(evaluated(linear_qcs4w(), small(), {{"codes", 0}}).value, (std::vector<double>{10.5, 190, -1, -16}));
}

TEST(LinearQcs4w, OfSignedCodesEightIsSubtracted) {
  // (-7 - 60) / 2, (7 + 0) 2, 6 / 2, 0
  EXPECT_EQ(evaluated(linear_qcs4w(), small(), {{"codes", 1}}).value, (std::vector<double>{-33.5, 14, 3, 0}));
}

}  // namespace
}  // namespace plumb
