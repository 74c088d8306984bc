#include "reference/tensor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reference/testing/error_of.h"

namespace plumb {
namespace {

TEST(Shape, Count) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({7}), 7);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({2, 0, 4}), 0);
  EXPECT_EQ(error_of([] { (void)element_count({2, -1}); }), "shape [2, -1]: a dimension is negative");
  EXPECT_EQ(error_of([] {
              (void)element_count({std::int64_t{1} << 32, std::int64_t{1} << 31});
            }),
            "shape [4294967296, 2147483648]: more than 2^63 elements");
}

TEST(Shape, Text) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{4}), "[4]");
  EXPECT_EQ(to_string(Shape{4, 40}), "[4, 40]");
}

TEST(Shape, UnravelIsRowMajor) {
  EXPECT_EQ(unravel(0, {}), Shape{});
  EXPECT_EQ(unravel(5, {2, 3}), (Shape{1, 2}));
  EXPECT_EQ(unravel(3, {2, 3}), (Shape{1, 0}));
  EXPECT_EQ(unravel(23, {2, 3, 4}), (Shape{1, 2, 3}));
  EXPECT_EQ(unravel(7, {2, 1, 4}), (Shape{1, 0, 3}));
}

RC_GTEST_PROP(ShapeProperty, UnravelInverts, ()) {
  const auto shape = *rc::gen::container<Shape>(rc::gen::inRange<std::int64_t>(1, 5));
  RC_PRE(shape.size() < 6U);
  const std::int64_t flat = *rc::gen::inRange<std::int64_t>(0, element_count(shape));
  std::int64_t back = 0;
  const auto index = unravel(flat, shape);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    RC_ASSERT(index[axis] >= 0 && index[axis] < shape[axis]);
    back = back * shape[axis] + index[axis];
  }
  RC_ASSERT(back == flat);
}

TEST(Tensor, AbsentOneIsEmpty) {
  const Tensor absent;
  EXPECT_FALSE(absent.present());
  EXPECT_EQ(absent.size(), 0);
  EXPECT_EQ(absent.size_bytes(), 0);
}

TEST(Tensor, IsZeroUntilSetAndRounds) {
  Tensor tensor(DType::f16, {2, 3});
  EXPECT_TRUE(tensor.present());
  EXPECT_EQ(tensor.size(), 6);
  EXPECT_EQ(tensor.size_bytes(), 12);
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(tensor.at(i), 0);
  tensor.set(4, 1.0 / 3);
  EXPECT_EQ(tensor.at(4), 0x1.554p-2);  // 11 significant bits
  EXPECT_EQ(tensor.at(3), 0);
  EXPECT_EQ(tensor.at(5), 0);
  EXPECT_EQ(tensor.bytes()[8], std::byte{0x55});  // 0x3555, little-endian
  EXPECT_EQ(tensor.bytes()[9], std::byte{0x35});
}

TEST(Tensor, ScalarsAndEmptyOnes) {
  Tensor scalar(DType::i32, {});
  EXPECT_EQ(scalar.size(), 1);
  scalar.set(0, -5);
  EXPECT_EQ(scalar.at(0), -5);
  EXPECT_EQ(Tensor(DType::f64, {3, 0}).size(), 0);
  EXPECT_TRUE(Tensor(DType::f64, {3, 0}).present());
}

TEST(Tensor, TakesBytesOfTheRightNumber) {
  const Tensor tensor(DType::i8, {2}, {std::byte{0xff}, std::byte{0x7f}});
  EXPECT_EQ(tensor.at(0), -1);
  EXPECT_EQ(tensor.at(1), 127);
  EXPECT_EQ(tensor.codes()[0], 255);
  EXPECT_EQ(error_of([] {
              Tensor(DType::f32, {2, 2}, std::vector<std::byte>(15));
            }),
            "tensor: expected 16 bytes for f32 [2, 2], got 15");
}

TEST(Tensor, MoreBytesThanFitAnIntegerAreRefused) {
  const Shape huge{std::int64_t{1} << 61};
  EXPECT_EQ(error_of([&] { Tensor(DType::i64, huge); }), "tensor: i64 [2305843009213693952] has more than 2^63 bytes");
  EXPECT_EQ(error_of([&] { Tensor(DType::f64, huge, {}); }),
            "tensor: f64 [2305843009213693952] has more than 2^63 bytes");
}

TEST(TensorDeathTest, CodesAreOfOneByte) {
  const Tensor tensor(DType::f16, {2});
  EXPECT_DEATH((void)tensor.codes(), "broken invariant");
}

}  // namespace
}  // namespace plumb
