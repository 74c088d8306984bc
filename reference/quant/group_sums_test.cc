#include "reference/quant/group_sums.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

TEST(GroupSums, OneRowOfSumsForEachGroup) {
  const Tensor codes = tensor_of(DType::i8, {2, 4}, {1, -2, 3, 4, -128, -128, 127, 127});
  EXPECT_EQ(answer_of(group_sums(), {codes}, {{"group", 2}}),
            (std::vector<double>{-1, -256, 0, 0, 0, 0, 0, 0, 7, 254, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(answer_of(group_sums(), {codes}, {{"group", 4}}), (std::vector<double>{6, -2, 0, 0, 0, 0, 0, 0}));
}

TEST(GroupSums, GroupsDivideTheColumns) {
  for (const std::int64_t group : {-2, 0, 3, 8}) {
    EXPECT_THROW((void)answer_of(group_sums(), {Tensor(DType::i8, {2, 4})}, {{"group", group}}), Error) << group;
  }
}

}  // namespace
}  // namespace plumb
