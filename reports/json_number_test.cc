#include "reports/json_number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

std::string spelled(double value) { return number_to_json(value).dump(); }

TEST(JsonNumber, FiniteDoublesAreNumbers) {
  EXPECT_EQ(spelled(0.1), "0.1");
  EXPECT_EQ(spelled(-0.0), "-0.0");
  EXPECT_EQ(spelled(3), "3.0");
}

TEST(JsonNumber, OthersAreWordsThatReadBackBitForBit) {
  for (const std::uint64_t bits : {0x7ff0000000000000u, 0xfff0000000000000u, 0x7ff8000000000000u, 0xfff8000000000000u,
                                   0x7ff0000000000001u, 0x7fffffffffffffffu}) {
    const std::string word = number_to_json(std::bit_cast<double>(bits)).get<std::string>();
    ASSERT_TRUE(number_from_word(word).has_value()) << word;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*number_from_word(word)), bits) << word;
  }
  EXPECT_EQ(spelled(std::numeric_limits<double>::quiet_NaN()), "\"nan\"");
}

TEST(JsonNumber, RefusesOtherWords) {
  for (const char* word : {"", "NaN", "Infinity", "+inf", "1.0", "nan:", "nan:7ff800000000000", "nan:7ff800000000000g",
                           "nan:3ff0000000000000", "nan:7ff0000000000000", "nan:7ff80000000000000"})
    EXPECT_FALSE(number_from_word(word).has_value()) << word;
}

}  // namespace
}  // namespace plumb
