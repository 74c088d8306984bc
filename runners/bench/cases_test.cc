#include "runners/bench/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reference/error.h"

namespace plumb::bench {
namespace {

const std::vector<Extents> kSmall = {{1, 64, 256, 32}};

TEST(BenchCases, EveryTemplateIsALegalCaseOfSmallAndOfRealShapes) {
  for (const Extents& shape : {kSmall[0], Extents{32, 4096, 4096, 128}, Extents{1, 11008, 4096, 64}}) {
    const auto plan = plan_bench({}, "*", {shape});
    EXPECT_GT(plan.size(), 40U);
    for (const BenchCase& planned : plan) {
      EXPECT_TRUE(is_legal(*planned.test_case.op, planned.test_case.signature.values)) << to_string(planned.test_case);
      EXPECT_EQ(to_string(parse_case(to_string(planned.test_case))), to_string(planned.test_case));
    }
  }
}

TEST(BenchCases, GroupsAndPatternsChoose) {
  std::set<std::string> kinds;
  for (const BenchCase& planned : plan_bench({"pack"}, "*", kSmall)) kinds.insert(planned.kind);
  EXPECT_EQ(kinds, (std::set<std::string>{"pack", "unpack", "repack", "quantize", "dequantize"}));
  const auto plan = plan_bench({}, "linear_*", kSmall);
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(to_string(plan[0].test_case), "linear_q4gsw[M=1,K=256,N=64,group=32]/exact#0");
  EXPECT_EQ(to_string(plan[1].test_case), "linear_dq8ca_q4gsw[M=1,K=256,N=64,group=32]/exact#0");
}

TEST(BenchCases, PackingIsHeldToFourFifthsOfCopyingAndQuantisingToHalf) {
  for (const BenchCase& planned : plan_bench({"pack"}, "*", kSmall)) {
    EXPECT_EQ(planned.bar, planned.kind.ends_with("quantize") ? 0.5 : 0.8) << to_string(planned.test_case);
  }
}

TEST(BenchCases, WhatHasNoMIsMeasuredOnceForShapesThatDifferInM) {
  const std::vector<Extents> two = {{1, 64, 256, 32}, {8, 64, 256, 32}};
  EXPECT_EQ(plan_bench({}, "pack_uint4", two).size(), 1U);
  EXPECT_EQ(plan_bench({}, "linear_q4gsw", two).size(), 2U);
}

TEST(BenchCases, UnknownNamesAreRefusedWithTheNearest) {
  const auto message = [](const auto& act) -> std::string {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message([] { (void)plan_bench({"pakc"}, "*", kSmall); }).find("pack"), std::string::npos);
  EXPECT_NE(message([] { (void)plan_bench({}, "pack_unit4", kSmall); }).find("pack_uint4"), std::string::npos);
}

TEST(BenchCases, ShapesAreReadStrictly) {
  const Extents two = parse_shape_flag("4096x11008", 128), three = parse_shape_flag("32x4096x4096", 64);
  EXPECT_EQ(two.M, 1);
  EXPECT_EQ(two.N, 4096);
  EXPECT_EQ(two.K, 11008);
  EXPECT_EQ(three.M, 32);
  EXPECT_EQ(three.group, 64);
  for (const char* bad :
       {"", "4096", "4096x", "x4096", "4096xx4096", "1x2x3x128", "0x128", "-1x128", "4096X4096", "64x100", "64x128 "}) {
    EXPECT_THROW((void)parse_shape_flag(bad, 128), Error) << bad;
  }
}

}  // namespace
}  // namespace plumb::bench
