#include "runners/diagnosis/alternatives.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Alternatives, AreTakenApartAndPutTogether) {
  const std::vector<std::string> two = {"a of group 0", "b"};
  EXPECT_EQ(joined_alternatives(two), "a of group 0; or b");
  EXPECT_EQ(alternatives_of("a of group 0; or b"), two);
  EXPECT_TRUE(alternatives_of("").empty());
}

TEST(Alternatives, ThatExplainMostStay) {
  std::string first = "scale of group g - 1 taken for group g; or scale of group 0 taken for all groups";
  std::string second = "scale and zero_point of group 0 taken for all groups; or bias ignored";
  std::string third = "y transposed; or bias added twice", none;
  std::string* const all[] = {&first, &second, &third, &none};
  keep_common(all);
  EXPECT_EQ(first, "scale of group 0 taken for all groups");
  EXPECT_EQ(second, "scale and zero_point of group 0 taken for all groups");
  EXPECT_EQ(third, "y transposed; or bias added twice");
  EXPECT_EQ(none, "");
}

}  // namespace
}  // namespace plumb
