#include "reports/aligned_text.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(AlignedText, NamesLeftNumbersRightAndNoBlanksAtTheEnd) {
  EXPECT_EQ(aligned_text({{"name", "n", ""}, {"a", "123", "why"}, {"bcdef", "7", ""}}, 1),
            "name     n\n"
            "a      123  why\n"
            "bcdef    7\n");
}

TEST(AlignedText, NothingIsNothing) { EXPECT_EQ(aligned_text({}, 2), ""); }

}  // namespace
}  // namespace plumb
