#include "runners/vouching.h"

#include <gtest/gtest.h>

#include "runners/products.h"

namespace plumb {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Products, AreCounted) {
  const Case linear = parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/bounded#7");
  EXPECT_EQ(products_of_element(*linear.op, linear.signature), 96);
  EXPECT_EQ(product_count(*linear.op, linear.signature), 3 * 96 * 17);
  const Case pack = parse_case("pack_uint4[n=34]/exact#1");
  EXPECT_EQ(products_of_element(*pack.op, pack.signature), 1);
  EXPECT_EQ(product_count(*pack.op, pack.signature), 17);
}

TEST(Vouching, OrdinaryDataShowEachElement) {
  const std::string name = "linear_q4gsw[M=3,K=96,N=17,group=32]/exact#7";
  EXPECT_EQ(vouching_table({parse_case(name)}).rows,
            (Rows{{name, "x", "20 of 20"}, {name, "weights", "20 of 20"}, {name, "weight_scales", "20 of 20"}}));
}

// Of a row of activations all but one are zero: few weights matter.
TEST(Vouching, OneHotDataShowFewWeights) {
  const Rows rows = vouching_table({parse_case("linear_q4gsw[M=2,K=96,N=17,group=32]/one_hot#7")}).rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1][1], "weights");
  EXPECT_LT(std::stoi(rows[1][2]), 5) << rows[1][2];
}

TEST(Vouching, LargeCasesAndProbesAreNotLookedAt) {
  const std::string large = "linear_q4gsw[M=3,K=4096,N=4096,group=32]/bounded#7";
  EXPECT_EQ(vouching_table({parse_case(large)}).rows, (Rows{{large, "(all)", "not looked at: too large"}}));
  EXPECT_TRUE(vouching_table({parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/bounded#7+threads")}).rows.empty());
}

}  // namespace
}  // namespace plumb
