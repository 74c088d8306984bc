#include "runners/bench/repacks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reference/layout/layouts.h"

namespace plumb::bench {
namespace {

const std::vector<Extents> kSmall = {{1, 64, 256, 32}};

TEST(BenchRepacks, EveryPairOfOneWidthCanBeAskedFor) {
  std::size_t pairs = 0;
  for (const Layout& from : all_layouts()) {
    pairs += static_cast<std::size_t>(std::ranges::count(all_layouts(), from.bits, &Layout::bits));
  }
  std::set<std::string> names;
  for (const RepackCase& repack : plan_repacks({}, "repack/*", kSmall)) names.insert(case_name(repack));
  EXPECT_EQ(names.size(), pairs);
  EXPECT_TRUE(names.contains("repack/et_vk.q4gsw/plumb.rows_8[N=64,K=256]"));
}

TEST(BenchRepacks, SomeStandForTheOthers) {
  const auto plan = plan_repacks({}, "*", kSmall);
  EXPECT_GT(plan.size(), 15U);
  EXPECT_LT(plan.size(), 30U);
  std::set<int> widths;
  for (const RepackCase& repack : plan) widths.insert(repack.from->bits);
  EXPECT_EQ(widths, (std::set<int>{2, 3, 4, 6, 8}));
}

TEST(BenchRepacks, BelongToPackAndToAGroupOfTheirOwn) {
  EXPECT_FALSE(plan_repacks({"pack"}, "*", kSmall).empty());
  EXPECT_FALSE(plan_repacks({"repack"}, "*", kSmall).empty());
  EXPECT_TRUE(plan_repacks({"linear"}, "*", kSmall).empty());
  EXPECT_TRUE(plan_bench({"repack"}, "repack/nncf.u4/*", kSmall, {"repack/nncf.u4/nncf.i4"}).empty());
  EXPECT_ANY_THROW((void)plan_bench({"repack"}, "repack/none/*", kSmall, {"repack/nncf.u4/nncf.i4"}));
}

TEST(BenchRepacks, AreMeasuredBesideCopying) {
  BenchOptions options;
  options.threads = {1, 2};
  options.min_seconds = 0;
  bench::Run run;
  measure_repacks(plan_repacks({}, "repack/torchao.uintx4/plumb.rows_8", kSmall), options, run);
  ASSERT_EQ(run.records.size(), 2U);
  EXPECT_EQ(run.info.planned, 2);
  for (const Record& record : run.records) {
    EXPECT_EQ(record.kind, "repack");
    EXPECT_EQ(record.impl, "plumb.repack");
    EXPECT_EQ(record.moved_bytes, 64 * 128 + 64 * 128);
    EXPECT_EQ(record.bar, 0.8);
    EXPECT_EQ(record.reason, "");
    EXPECT_GE(record.samples, 5);
    EXPECT_GT(record.share_of_copy.median, 0);
    EXPECT_EQ(record.operations, 0);
  }
  EXPECT_EQ(exit_code(run), 0);
}

}  // namespace
}  // namespace plumb::bench
