#include "reference/dtype.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>

#include "reference/error.h"

namespace plumb {

void PrintTo(DType dtype, std::ostream* out) { *out << to_string(dtype); }

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr DType kFloats16[] = {DType::f16, DType::bf16};

double load_bits(DType dtype, std::uint16_t bits) {
  std::array<std::byte, 2> element;
  std::memcpy(element.data(), &bits, sizeof bits);
  return load(dtype, element.data());
}

std::uint16_t store_bits(DType dtype, double value) {
  std::array<std::byte, 2> element;
  store(dtype, value, element.data());
  std::uint16_t bits = 0;
  std::memcpy(&bits, element.data(), sizeof bits);
  return bits;
}

// The value of a 16-bit pattern, from IEEE 754's definition: sign, exponent and fraction fields.
double defined_value(std::uint16_t bits, int fraction_bits) {
  const int exponent_bits = 15 - fraction_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * kInfinity : std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
}

// What the compiler's own conversions from double give: an oracle that shares no code with round_to.
double compiled_rounding(DType dtype, double value) {
  return dtype == DType::f16 ? static_cast<double>(static_cast<_Float16>(value)) : static_cast<float>(value);
}

TEST(DType, TableIsInEnumOrderAndNamesReadBack) {
  ASSERT_EQ(all_dtypes().size(), 8U);
  for (std::size_t i = 0; i < all_dtypes().size(); ++i) {
    const DTypeInfo& type = all_dtypes()[i];
    EXPECT_EQ(static_cast<std::size_t>(type.dtype), i + 1);
    EXPECT_EQ(&info(type.dtype), &type);
    EXPECT_EQ(dtype_from_string(to_string(type.dtype)), type.dtype);
  }
}

TEST(DType, UnknownNamesAreRefusedWithTheKnownOnes) {
  for (const char* name : {"", "F16", "f16 ", "float16", "u4"}) {
    try {
      (void)dtype_from_string(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), "element type '" + std::string(name) +
                                  "' is unknown; expected one of u8, i8, i32, i64, f16, bf16, f32, f64");
    }
  }
}

TEST(DType, SizesAreThoseOfTheCompiler) {
  const std::array<std::size_t, 8> sizes = {sizeof(std::uint8_t), sizeof(std::int8_t), sizeof(std::int32_t),
                                            sizeof(std::int64_t), sizeof(_Float16),    2,
                                            sizeof(float),        sizeof(double)};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_dtypes()[i].size_bytes), sizes[i]) << all_dtypes()[i].name;
  }
}

TEST(DType, LimitsOfFloats) {
  struct Limits {
    DType dtype;
    double roundoff, normal, subnormal, largest;
  };
  const Limits expected[] = {{DType::f16, 0x1p-11, 0x1p-14, 0x1p-24, 65504},
                             {DType::bf16, 0x1p-8, 0x1p-126, 0x1p-133, 0x1.fep127},
                             {DType::f32, FLT_EPSILON / 2, FLT_MIN, FLT_TRUE_MIN, FLT_MAX},
                             {DType::f64, DBL_EPSILON / 2, DBL_MIN, DBL_TRUE_MIN, DBL_MAX}};
  for (const Limits& e : expected) {
    EXPECT_EQ(unit_roundoff(e.dtype), e.roundoff) << to_string(e.dtype);
    EXPECT_EQ(min_normal(e.dtype), e.normal) << to_string(e.dtype);
    EXPECT_EQ(min_subnormal(e.dtype), e.subnormal) << to_string(e.dtype);
    EXPECT_EQ(info(e.dtype).max_finite, e.largest) << to_string(e.dtype);
    EXPECT_EQ(info(e.dtype).min_finite, -e.largest) << to_string(e.dtype);
    EXPECT_TRUE(info(e.dtype).is_float);
  }
}

TEST(DType, LimitsOfIntegers) {
  for (const DType dtype : {DType::u8, DType::i8, DType::i32, DType::i64}) {
    EXPECT_FALSE(info(dtype).is_float) << to_string(dtype);
    EXPECT_EQ(unit_roundoff(dtype), 0);
    EXPECT_EQ(min_normal(dtype), 0);
    EXPECT_EQ(min_subnormal(dtype), 0);
  }
  EXPECT_EQ(info(DType::u8).max_finite, 255);
  EXPECT_EQ(info(DType::i8).min_finite, -128);
  EXPECT_EQ(info(DType::i32).min_finite, std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(info(DType::i32).max_finite, std::numeric_limits<std::int32_t>::max());
}

TEST(DType, EveryPatternOf16BitsHasItsDefinedValueAndIsStoredBack) {
  for (const DType dtype : kFloats16) {
    for (int i = 0; i <= 0xffff; ++i) {
      const auto bits = static_cast<std::uint16_t>(i);
      const double value = load_bits(dtype, bits), defined = defined_value(bits, info(dtype).precision_bits - 1);
      if (std::isnan(defined)) {
        ASSERT_TRUE(std::isnan(value)) << to_string(dtype) << " " << i;
        ASSERT_TRUE(std::isnan(load_bits(dtype, store_bits(dtype, value)))) << to_string(dtype) << " " << i;
      } else {
        ASSERT_EQ(value, defined) << to_string(dtype) << " " << i;
        ASSERT_EQ(store_bits(dtype, value), bits) << to_string(dtype) << " " << i;
        ASSERT_EQ(round_to(dtype, value), value) << to_string(dtype) << " " << i;
      }
    }
  }
}

// Between neighbours a < b of a type: the midpoint goes to the even one, a hair beside it to the nearer one.
TEST(DType, RoundsToNearestBetweenAllNeighboursOf16Bits) {
  for (const DType dtype : kFloats16) {
    const std::uint16_t largest = store_bits(dtype, info(dtype).max_finite);
    for (std::uint16_t bits = 0; bits < largest; ++bits) {
      const double low = load_bits(dtype, bits), high = load_bits(dtype, static_cast<std::uint16_t>(bits + 1));
      const double middle = low + (high - low) / 2;
      ASSERT_EQ(round_to(dtype, middle), bits % 2 == 0 ? low : high) << to_string(dtype) << " " << bits;
      ASSERT_EQ(round_to(dtype, std::nextafter(middle, 0)), low) << to_string(dtype) << " " << bits;
      ASSERT_EQ(round_to(dtype, std::nextafter(middle, kInfinity)), high) << to_string(dtype) << " " << bits;
      ASSERT_EQ(round_to(dtype, -middle), -round_to(dtype, middle)) << to_string(dtype) << " " << bits;
    }
  }
}

TEST(DType, OverflowStartsHalfAStepAboveTheLargestNumber) {
  EXPECT_EQ(round_to(DType::f16, 65519.99), 65504);
  EXPECT_EQ(round_to(DType::f16, std::nextafter(65520.0, 0)), 65504);
  EXPECT_EQ(round_to(DType::f16, 65520), kInfinity);
  EXPECT_EQ(round_to(DType::f16, -65520), -kInfinity);
  EXPECT_EQ(round_to(DType::f16, 1e308), kInfinity);
  EXPECT_EQ(store_bits(DType::f16, 65519.99), 0x7bff);
  EXPECT_EQ(store_bits(DType::f16, 65520), 0x7c00);
  EXPECT_EQ(round_to(DType::bf16, std::nextafter(0x1.ffp127, 0)), 0x1.fep127);
  EXPECT_EQ(round_to(DType::bf16, 0x1.ffp127), kInfinity);
  EXPECT_EQ(round_to(DType::f32, std::nextafter(0x1.ffffffp127, 0)), FLT_MAX);
  EXPECT_EQ(round_to(DType::f32, -0x1.ffffffp127), -kInfinity);
  EXPECT_EQ(round_to(DType::f64, DBL_MAX), DBL_MAX);
}

TEST(DType, SubnormalsAreKept) {
  EXPECT_EQ(round_to(DType::f16, 0x1p-24), 0x1p-24);
  EXPECT_EQ(round_to(DType::f16, 0x1p-25), 0);  // a tie: even
  EXPECT_EQ(round_to(DType::f16, std::nextafter(0x1p-25, 1)), 0x1p-24);
  EXPECT_EQ(round_to(DType::f16, 0x1.8p-24), 0x1p-23);
  EXPECT_EQ(round_to(DType::f16, 0x1.ff8p-15), 0x1.ff8p-15);             // the largest
  EXPECT_EQ(round_to(DType::f16, 0x1.ffcp-15), 0x1p-14);                 // a tie, up into the normal range
  EXPECT_EQ(round_to(DType::f16, std::nextafter(0x1p-14, 0)), 0x1p-14);  // up into the normal range
  EXPECT_EQ(round_to(DType::bf16, 0x1p-134), 0);
  EXPECT_EQ(round_to(DType::f32, 0x1.8p-149), 0x1p-148);
  EXPECT_EQ(round_to(DType::f32, DBL_TRUE_MIN), 0);
}

TEST(DType, NanInfinityAndSignedZeroStay) {
  for (const DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64}) {
    EXPECT_TRUE(std::isnan(round_to(dtype, std::nan("")))) << to_string(dtype);
    EXPECT_EQ(round_to(dtype, kInfinity), kInfinity) << to_string(dtype);
    EXPECT_EQ(round_to(dtype, -kInfinity), -kInfinity) << to_string(dtype);
    EXPECT_TRUE(std::signbit(round_to(dtype, -0.0))) << to_string(dtype);
    EXPECT_FALSE(std::signbit(round_to(dtype, 0.0))) << to_string(dtype);
    EXPECT_TRUE(std::signbit(round_to(dtype, -1e-300))) << to_string(dtype);
  }
  EXPECT_EQ(store_bits(DType::f16, -0.0), 0x8000);
  EXPECT_EQ(store_bits(DType::bf16, -kInfinity), 0xff80);
}

TEST(DType, IntegersRoundToEvenAndReadBack) {
  const std::pair<double, double> cases[] = {{0.5, 0}, {1.5, 2}, {2.5, 2}, {-0.5, 0}, {-1.5, -2}, {126.4999, 126}};
  for (const auto& [value, rounded] : cases) {
    EXPECT_EQ(round_to(DType::i8, value), rounded);
    std::byte element[8] = {};
    store(DType::i8, value, element);
    EXPECT_EQ(load(DType::i8, element), rounded);
  }
  for (const DTypeInfo& type : all_dtypes()) {
    for (const double value : {type.min_finite, type.max_finite}) {
      std::byte element[8] = {};
      store(type.dtype, value, element);
      EXPECT_EQ(load(type.dtype, element), value) << type.name;
    }
  }
}

TEST(DTypeDeathTest, IntegersOutOfRangeAreABrokenInvariant) {
  std::byte element[8] = {};
  EXPECT_DEATH(store(DType::u8, 256, element), "broken invariant");
  EXPECT_DEATH(store(DType::i8, -129, element), "broken invariant");
  EXPECT_DEATH(store(DType::i32, std::nan(""), element), "broken invariant");
}

RC_GTEST_PROP(DTypeProperty, RoundingEqualsTheCompilersConversion, (std::uint64_t bits)) {
  // Exponents around both types' ranges; all of f64's would hardly ever hit them.
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) % 300 - 155;
  const double value = std::ldexp(std::bit_cast<double>((bits & 0x800fffffffffffff) | 0x3ff0000000000000), exponent);
  for (const DType dtype : {DType::f16, DType::f32}) {
    const double near = dtype == DType::f16 ? std::ldexp(value, -exponent + exponent % 28) : value;
    for (const double v : {value, near}) RC_ASSERT(round_to(dtype, v) == compiled_rounding(dtype, v));
  }
}

}  // namespace
}  // namespace plumb
