#include "reference/quant/openvino_element.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

const ElementType& type_named(std::string_view name) {
  for (const ElementType& type : all_element_types()) {
    if (type.name == name) return type;
  }
  throw Error("no such element type");
}

std::int64_t number_of(std::string_view name) { return &type_named(name) - all_element_types().data(); }

int code(std::string_view type, double value) { return element_code(type_named(type), value); }
double value(std::string_view type, int code) { return element_value(type_named(type), code); }

std::vector<double> evaluate(const Op& op, Tensor input, const Sizes& params) {
  const Offer offer = offer_of(input);
  Problem problem{infer_signature(op, std::span(&offer, 1), params), {}};
  problem.inputs.push_back(std::move(input));
  return op.evaluate(problem)[0].value;
}

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

std::vector<double> unpacked(std::string_view type, std::int64_t count, const std::vector<double>& bytes,
                             DType out = DType::f32) {
  return evaluate(ov_unpack(), tensor(DType::u8, {static_cast<std::int64_t>(bytes.size())}, bytes),
                  {{"count", count}, {"type", number_of(type)}, {"out", static_cast<std::int64_t>(out)}});
}

std::vector<double> packed(std::string_view type, DType from, const std::vector<double>& values) {
  return evaluate(ov_pack(), tensor(from, {static_cast<std::int64_t>(values.size())}, values),
                  {{"type", number_of(type)}, {"from", static_cast<std::int64_t>(from)}});
}

TEST(OvUnpack, BitsOfEachIntegerType) {
  EXPECT_EQ(unpacked("u1", 9, {0b10110001, 0xff}), (std::vector<double>{1, 0, 1, 1, 0, 0, 0, 1, 1}));
  EXPECT_EQ(unpacked("u2", 5, {0x39, 0xff}), (std::vector<double>{1, 2, 3, 0, 3}));
  EXPECT_EQ(unpacked("u4", 3, {0x21, 0xf3}), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(unpacked("i4", 4, {0x8f, 0x70}, DType::i8), (std::vector<double>{-1, -8, 0, 7}));
  EXPECT_EQ(unpacked("i4", 2, {0x8f}, DType::u8), (std::vector<double>{255, 248}));
  // Bytes 0 and 1: 0 1 2 3 and 3 2 1 0, the first highest; byte 2 adds 4 to the first and to the last.
  EXPECT_EQ(unpacked("u3", 8, {0b00011011, 0b11100100, 0b10000001}), (std::vector<double>{4, 1, 2, 3, 3, 2, 1, 4}));
  EXPECT_EQ(unpacked("u6", 4, {0x12, 0x3f, 0b01101100}), (std::vector<double>{0x11, 0x22, 0x33, 0x0f}));
}

TEST(OvUnpack, FloatsAreRoundedToTheOutputsType) {
  EXPECT_EQ(unpacked("nf4", 2, {0xe7}), (std::vector<double>{0, 0.7229568362236023F}));
  EXPECT_EQ(unpacked("nf4", 2, {0x1e}, DType::f16), (std::vector<double>{0x1.724p-1, -0x1.648p-1}));
  EXPECT_EQ(unpacked("f8e8m0", 3, {102, 103, 143}, DType::f16), (std::vector<double>{0, 0x1p-24, kInfinity}));
}

TEST(OvUnpack, FloatingPointTypesGiveNoIntegersAndBytesMustFit) {
  EXPECT_THROW((void)unpacked("nf4", 2, {0}, DType::i32), Error);
  EXPECT_THROW((void)unpacked("u3", 9, {0, 0, 0}), Error);
  EXPECT_NO_THROW((void)unpacked("u3", 9, {0, 0, 0, 0, 0, 0}));
}

TEST(ElementValue, SmallFloats) {
  EXPECT_EQ(value("f4e2m1", 1), 0.5);
  EXPECT_EQ(value("f4e2m1", 15), -6);
  EXPECT_EQ(value("f8e4m3", 1), 0x1p-9);
  EXPECT_EQ(value("f8e4m3", 0x7e), 448);
  EXPECT_TRUE(std::isnan(value("f8e4m3", 0xff)));
  EXPECT_EQ(value("f8e5m2", 1), 0x1p-16);
  EXPECT_EQ(value("f8e5m2", 0xfb), -57344);
  EXPECT_EQ(value("f8e5m2", 0x7c), kInfinity);
  EXPECT_TRUE(std::isnan(value("f8e5m2", 0x7d)));
  EXPECT_EQ(value("f8e8m0", 0), 0x1p-127);
  EXPECT_EQ(value("f8e8m0", 254), 0x1p127);
  EXPECT_TRUE(std::isnan(value("f8e8m0", 255)));
}

// Every value is converted back to its code; -0 and 0 to different ones.
TEST(ElementCode, InvertsElementValue) {
  for (const ElementType& type : all_element_types()) {
    const int bits = 8 * type.unit_bytes / type.unit_elements;
    for (int code = 0; code < 1 << bits; ++code) {
      const double v = element_value(type, code);
      if (std::isnan(v)) continue;
      EXPECT_EQ(element_code(type, v), code) << type.name << " " << v;
    }
  }
}

TEST(ElementCode, IntegersKeepLowBitsOfTheTruncatedValue) {
  EXPECT_EQ(code("u4", -0.999), 0);
  EXPECT_EQ(code("u4", 15.99), 15);
  EXPECT_EQ(code("u4", -1.5), 15);
  EXPECT_EQ(code("u6", -300), -300 & 63);
  EXPECT_EQ(code("u2", 65539), 3);
  EXPECT_EQ(code("i4", 9), 9);
  EXPECT_EQ(code("u6", 0x1.fffffep127), 0);
  for (const double v : {kNan, kInfinity, -kInfinity}) EXPECT_EQ(code("u3", v), 0);
}

// Golden: openvino/ov_convert.h5, cases f32_to_* and f32_special_to_*.
TEST(ElementCode, SmallFloatsAreRoundedToEven) {
  EXPECT_EQ(code("f4e2m1", 0.25), 0);
  EXPECT_EQ(code("f4e2m1", -0.75), 10);
  EXPECT_EQ(code("f4e2m1", 5), 6);
  EXPECT_EQ(code("f4e2m1", 5.1), 7);
  EXPECT_EQ(code("f4e2m1", kNan), 7);
  EXPECT_EQ(code("f4e2m1", -kInfinity), 15);
  EXPECT_EQ(code("f8e4m3", 464), 0x7e);
  EXPECT_EQ(code("f8e4m3", 464.01), 0x7f);
  EXPECT_EQ(code("f8e4m3", -kInfinity), 0xff);
  EXPECT_EQ(code("f8e4m3", 0x1p-10), 0);
  EXPECT_EQ(code("f8e4m3", 0x1.8p-9), 2);
  EXPECT_EQ(code("f8e5m2", 61400), 0x7b);
  EXPECT_EQ(code("f8e5m2", 61440), 0x7c);
  EXPECT_EQ(code("f8e5m2", kNan), 0x7e);
}

// 1.125 + 2^-20 is above a tie, but f16 makes it the tie, which goes to the even 1.
TEST(ElementCode, F8e5m2IsRoundedTwice) {
  EXPECT_EQ(code("f8e5m2", 1.125 + 0x1p-20), 0x3c);
  EXPECT_EQ(code("f8e5m2", 1.125 + 0x1p-10), 0x3d);
  EXPECT_EQ(code("f8e5m2", 61439), 0x7c);  // 61440 in f16
}

TEST(ElementCode, F8e8m0IsTheNearestPowerOfTwo) {
  EXPECT_EQ(code("f8e8m0", 0.75), 126);  // a tie: even
  EXPECT_EQ(code("f8e8m0", 1.5), 128);
  EXPECT_EQ(code("f8e8m0", 3), 128);
  EXPECT_EQ(code("f8e8m0", -2), 0);
  EXPECT_EQ(code("f8e8m0", 0x1.8p-128), 0);
  EXPECT_EQ(code("f8e8m0", 0x1.8p-127), 1);
  EXPECT_EQ(code("f8e8m0", 0x1.fffffep127), 254);
  EXPECT_EQ(code("f8e8m0", kInfinity), 254);
  EXPECT_EQ(code("f8e8m0", kNan), 255);
}

TEST(ElementCode, Nf4MidpointsGoToTheLowerValue) {
  EXPECT_EQ(code("nf4", 0.8614784181118011F), 14);
  EXPECT_EQ(code("nf4", std::nextafter(0.8614784181118011F, 1.0F)), 15);
  EXPECT_EQ(code("nf4", -0.0), 7);
  EXPECT_EQ(code("nf4", 1e30), 15);
  EXPECT_EQ(code("nf4", kNan), 0);
}

TEST(OvPack, PaddingBitsAreZero) {
  EXPECT_EQ(packed("u2", DType::u8, {1, 2, 3, 0, 7}), (std::vector<double>{0x39, 0x03}));
  EXPECT_EQ(packed("i4", DType::i8, {-8, 7, -1}), (std::vector<double>{0x78, 0x0f}));
  EXPECT_EQ(packed("u3", DType::i32, {4, 1, 2, 3, 3, 2, 1, 4}),
            (std::vector<double>{0b00011011, 0b11100100, 0b10000001}));
  EXPECT_EQ(packed("u6", DType::f32, {63.9}), (std::vector<double>{0xf0, 0, 0xc0}));
  EXPECT_EQ(packed("f8e4m3", DType::f16, {1, -1}), (std::vector<double>{0x38, 0xb8}));
  EXPECT_THROW((void)packed("f8e4m3", DType::i8, {1}), Error);
}

}  // namespace
}  // namespace plumb
