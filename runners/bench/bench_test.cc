// How measurements are taken, never how long anything takes.
#include "runners/bench/bench.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reports/bench/formats.h"
#include "runners/campaign.h"

namespace plumb::bench {
namespace {

const std::vector<Extents> kSmall = {{2, 16, 64, 32}};

BenchOptions quick() {
  BenchOptions options;
  options.threads = {1, 2};
  options.min_seconds = 0;
  return options;
}

std::vector<Subject> scalar(const std::string& op) { return select_subjects(builtin_subjects(), op, "cpu.scalar"); }

TEST(Bench, MeasuresEveryCaseWithEveryNumberOfThreads) {
  const bench::Run run = run_bench(plan_bench({}, "pack_uint4,linear_q4gsw", kSmall), scalar("*"), quick());
  ASSERT_EQ(run.records.size(), 4U);
  EXPECT_EQ(run.info.planned, 4);
  EXPECT_EQ(exit_code(run), 0);
  for (const Record& record : run.records) {
    EXPECT_EQ(record.reason, "");
    EXPECT_GE(record.samples, 5);
    EXPECT_GT(record.seconds.median, 0);
    EXPECT_LE(record.seconds.low, record.seconds.median);
    EXPECT_LE(record.seconds.median, record.seconds.high);
    EXPECT_GT(copy_rate(record), 0);
    EXPECT_GT(record.read_rate, 0);
    EXPECT_GT(record.share_of_copy.median, 0);
  }
  EXPECT_EQ(run.records[0].threads, 1);
  EXPECT_EQ(run.records[1].threads, 2);
}

TEST(Bench, CountsBytesAndOperationsFromTheDescription) {
  const bench::Run run = run_bench(plan_bench({}, "pack_uint4,linear_q4gsw", kSmall), scalar("*"), quick());
  const Record &pack = run.records[0], &linear = run.records[2];
  EXPECT_EQ(pack.moved_bytes, 16 * 64 + 16 * 32);
  EXPECT_EQ(pack.checking_bytes, 0);
  EXPECT_EQ(pack.weight_bytes, 0);
  EXPECT_EQ(pack.operations, 0);
  EXPECT_EQ(pack.operation_rate, 0);
  EXPECT_EQ(pack.bar, 0.8);
  EXPECT_EQ(linear.weight_bytes, 16 * 32 + 2 * 16 * 4);
  EXPECT_EQ(linear.moved_bytes, linear.weight_bytes + 4 * 2 * 64 + 4 * 2 * 16);
  EXPECT_EQ(linear.operations, 2 * 2 * 16 * 64);
  EXPECT_GT(linear.operation_rate, 0);
}

TEST(Bench, InputsWithLimitsAreReadTwiceOrOutputsSetAsideWhicheverIsLess) {
  BenchOptions options = quick();
  options.threads = {1};
  const auto plan = plan_bench({}, "pack_plain_int4,pack_plain_int32,linear_q4gsw", kSmall);
  const bench::Run run = run_bench(plan, scalar("*"), options);
  ASSERT_EQ(run.records.size(), 3U);
  const auto record_of = [&](const std::string& op) { return *std::ranges::find(run.records, op, &Record::op); };
  EXPECT_EQ(record_of("pack_plain_int4").checking_bytes, 16 * 64);
  EXPECT_EQ(record_of("pack_plain_int32").checking_bytes, 2 * 16 * 32);
  EXPECT_EQ(record_of("linear_q4gsw").checking_bytes, 0);
  const Record twice = record_of("pack_plain_int4");
  EXPECT_NEAR(share_of_copy_at_best(twice), 5.0 / 3 * twice.copy_seconds.least / twice.seconds.least, 1e-9);
}

TEST(Bench, ALookupReadsTheRowsAskedFor) {
  BenchOptions options = quick();
  options.threads = {1};
  const bench::Run run = run_bench(plan_bench({}, "embedding_q4gsw", kSmall), scalar("*"), options);
  ASSERT_EQ(run.records.size(), 1U);
  EXPECT_EQ(run.records[0].weight_bytes, 2 * 32 + 2 * 2 * 4);
  EXPECT_EQ(run.records[0].moved_bytes, run.records[0].weight_bytes + 2 * 8 + 2 * 64 * 4);
}

TEST(Bench, SamplesAllInTurn) {
  std::string order;
  std::vector<Gauge> gauges(2);
  gauges[0].work = [&] { order += 'a'; };
  gauges[1].work = [&] { order += 'b'; };
  measure_in_turn(gauges, 0, [] { return false; });
  EXPECT_EQ(gauges[0].seconds.size(), 5U);
  EXPECT_EQ(gauges[1].seconds.size(), 5U);
  order.erase(std::unique(order.begin(), order.end()), order.end());
  EXPECT_EQ(order, "abababababab");  // warmed up once each, then five rounds
}

TEST(Bench, StopsWhenToldAndKeepsWhatItHas) {
  BenchOptions options = quick();
  int seen = 0;
  options.on_record = [&](const Record&) { ++seen; };
  options.should_stop = [&] { return seen > 0; };
  const bench::Run run = run_bench(plan_bench({}, "pack_*", kSmall), scalar("*"), options);
  EXPECT_EQ(run.records.size(), 1U);
  EXPECT_GT(run.info.planned, 10);
  EXPECT_TRUE(run.info.interrupted);
  EXPECT_EQ(exit_code(run), 2);
  EXPECT_NE(write_html(run).find("interrupted"), std::string::npos);
}

TEST(Bench, PeersAreAskedOnceForEachLinearCaseAndNumberOfThreads) {
  BenchOptions options = quick();
  std::vector<std::pair<std::int64_t, int>> asked;
  options.peers = [&](const Extents& shape, const Record& ours) {
    asked.emplace_back(shape.N, ours.threads);
    Record peer = ours;
    peer.impl = "peer";
    return std::vector<Record>{peer};
  };
  const auto both = select_subjects(builtin_subjects(), "linear_q4gsw,pack_uint4", "cpu.scalar,cpu.ssse3");
  const bench::Run run = run_bench(plan_bench({}, "linear_q4gsw,pack_uint4", kSmall), both, options);
  EXPECT_EQ(asked, (std::vector<std::pair<std::int64_t, int>>{{16, 1}, {16, 2}}));
  EXPECT_EQ(std::ranges::count(run.records, "peer", &Record::impl), 2);
  EXPECT_EQ(run.info.planned, std::ssize(run.records));
}

plumb_status always_fails(const plumb_impl*, const plumb_call*, void*) { return PLUMB_DEVICE_ERROR; }

TEST(Bench, WhatFailsOrIsNotThereIsNotMeasured) {
  plumb_impl broken{};
  broken.struct_size = sizeof broken;
  broken.op = "pack_uint4";
  broken.name = "test.broken";
  broken.run = always_fails;
  plumb_impl absent = broken;
  absent.name = "test.absent";
  absent.unavailable = "not here";
  const auto plan = plan_bench({}, "pack_uint4", kSmall);
  const bench::Run failed = run_bench(plan, {{&broken, ""}}, quick());
  EXPECT_EQ(failed.records[0].reason, "run: device error");
  EXPECT_EQ(failed.records[0].samples, 0);
  EXPECT_EQ(exit_code(failed), 1);
  const bench::Run missing = run_bench(plan, {{&absent, ""}}, quick());
  EXPECT_EQ(missing.records[0].reason, "not here");
  EXPECT_EQ(exit_code(missing), 2);
}

}  // namespace
}  // namespace plumb::bench
