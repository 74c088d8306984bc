#include "reference/byte_count.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

std::string refusal(DType dtype, const Shape& shape) {
  try {
    (void)byte_count(dtype, shape);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ByteCount, IsElementsTimesTheirSize) {
  EXPECT_EQ(byte_count(DType::u8, {}), 1);
  EXPECT_EQ(byte_count(DType::f32, {3, 5}), 60);
  EXPECT_EQ(byte_count(DType::f64, {0, 5}), 0);
  EXPECT_EQ(byte_count(DType::u8, {std::int64_t{1} << 62}), std::int64_t{1} << 62);
}

TEST(ByteCount, DoesNotWrapRound) {
  EXPECT_EQ(refusal(DType::i64, {std::int64_t{1} << 32, std::int64_t{1} << 29}),
            "tensor: i64 [4294967296, 536870912] has more than 2^63 bytes");
  EXPECT_EQ(refusal(DType::u8, {2, -1}), "shape [2, -1]: a dimension is negative");
}

}  // namespace
}  // namespace plumb
