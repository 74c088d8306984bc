#include "runners/where.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

// What is said of a matrix whose wrong elements are those for which `wrong` holds.
template <typename Wrong>
std::string words(std::int64_t rows, std::int64_t columns, Wrong wrong) {
  Where where({rows, columns}, {"M", "N"});
  for (std::int64_t m = 0; m < rows; ++m) {
    for (std::int64_t n = 0; n < columns; ++n) {
      if (wrong(m, n)) where.add({m, n});
    }
  }
  return where.describe();
}

TEST(Where, NamesTheAxisThatConfinesMost) {
  EXPECT_EQ(words(8, 40, [](auto, auto n) { return n >= 35; }), "all at N >= 35 (of 40)");
  EXPECT_EQ(words(8, 40, [](auto m, auto) { return m == 3; }), "all at M = 3 (of 8)");
  EXPECT_EQ(words(8, 40, [](auto, auto n) { return n < 7; }), "all at N <= 6 (of 40)");
}

TEST(Where, NamesPartialTiles) {
  EXPECT_EQ(words(8, 40, [](auto, auto n) { return n >= 32; }),
            "all at N >= 32 (of 40), the last partial tile of 16 or 32");
}

TEST(Where, NamesResidues) {
  EXPECT_EQ(words(8, 64, [](auto, auto n) { return n % 8 >= 4 && n > 7; }), "all at N % 8 >= 4 (of 64)");
  EXPECT_EQ(words(8, 64, [](auto, auto n) { return n % 4 == 1; }), "all at N % 4 = 1 (of 64)");
}

TEST(Where, SaysNothingOfWhatIsEverywhereOrNowhere) {
  EXPECT_EQ(words(8, 64, [](auto, auto) { return true; }), "");
  EXPECT_EQ(words(8, 64, [](auto m, auto n) { return (m + n) % 2 == 0; }), "");
  EXPECT_EQ(words(8, 64, [](auto, auto) { return false; }), "");
}

}  // namespace
}  // namespace plumb
