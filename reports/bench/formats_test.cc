#include "reports/bench/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "reports/bench/columns.h"
#include "reports/testing/synthetic_run.h"

namespace plumb::bench {
namespace {

// A pack that moves 24 GB/s where memcpy moves 30, that is 80 %.
Record measured() {
  Record record;
  record.kind = "pack";
  record.op = "pack_uint4";
  record.impl = "cpu.avx2";
  record.case_name = "pack_uint4[n=16777216]/exact#0";
  record.samples = 9;
  record.moved_bytes = 24'000'000;
  record.seconds = {1e-3, 0.9e-3, 1.2e-3, 0.8e-3};
  record.copy_seconds = {0.8e-3, 0.7e-3, 0.9e-3, 0.6e-3};
  record.share_of_copy = {0.8, 0.78, 0.83, 0.7};
  record.read_rate = 48e9;
  record.bar = 0.8;
  return record;
}

Record linear() {
  Record record = measured();
  record.kind = "linear";
  record.op = "linear_q4gsw";
  record.case_name = "linear_q4gsw[M=1]/exact#0";
  record.threads = 2;
  record.weight_bytes = 12'000'000;
  record.operations = 40'000'000;
  record.operation_rate = 160e9;
  record.bar = 0;
  return record;
}

Record absent() {
  Record record;
  record.impl = "peer";
  record.case_name = kHostileText;
  record.reason = "not installed, " + std::string(kHostileText);
  return record;
}

Run run_of(std::vector<Record> records) {
  Run run;
  run.info.command = "plumb bench";
  run.info.planned = static_cast<std::int64_t>(records.size());
  run.records = std::move(records);
  return run;
}

TEST(BenchRecord, RatesFollowFromBytesAndSeconds) {
  EXPECT_DOUBLE_EQ(moved_rate(measured()), 24e9);
  EXPECT_DOUBLE_EQ(copy_rate(measured()), 30e9);
  EXPECT_DOUBLE_EQ(share_of_copy_at_best(measured()), 0.75);
  EXPECT_DOUBLE_EQ(share_of_read(measured()), 0.5);
  EXPECT_EQ(share_of_operations(measured()), 0);
  EXPECT_DOUBLE_EQ(share_of_roof(measured()), 0.5);
  EXPECT_DOUBLE_EQ(weight_rate(linear()), 12e9);
  EXPECT_DOUBLE_EQ(operations_per_second(linear()), 40e9);
  EXPECT_DOUBLE_EQ(share_of_operations(linear()), 0.25);
}

TEST(BenchRecord, BytesThatMustBeMovedTwiceCountTwiceBesideWhatTheMachineCanDo) {
  Record record = measured();
  record.checking_bytes = 12'000'000;
  EXPECT_DOUBLE_EQ(needed_factor(record), 1.5);
  EXPECT_DOUBLE_EQ(needed_factor(measured()), 1);
  EXPECT_TRUE(checks_matter(record));
  EXPECT_FALSE(checks_matter(measured()));
  EXPECT_DOUBLE_EQ(moved_rate(record), 24e9);
  EXPECT_DOUBLE_EQ(share_of_copy_at_best(record), 1.125);
  EXPECT_DOUBLE_EQ(share_of_read(record), 0.75);
  EXPECT_NE(text_table(run_of({record})).find("24.00  30.00  1.50"), std::string::npos) << text_table(run_of({record}));
  EXPECT_NE(text_table(run_of({record})).find("may not write before"), std::string::npos);
}

TEST(BenchRecord, TheRoofIsWhicheverOfMemoryAndArithmeticIsNearer) {
  Record record = linear();
  record.read_rate = 240e9;
  EXPECT_DOUBLE_EQ(share_of_roof(record), 0.25);
  record.read_rate = 48e9;
  EXPECT_DOUBLE_EQ(share_of_roof(record), 0.5);
}

TEST(BenchRecord, ABarIsReachedMissedOrNotThere) {
  Record record = measured();
  EXPECT_EQ(standing(record), Standing::reached);
  record.share_of_copy.median = 0.79;
  EXPECT_EQ(standing(record), Standing::missed);
  record.share_of_copy.median = std::nan("");
  EXPECT_EQ(standing(record), Standing::missed);
  EXPECT_EQ(standing(linear()), Standing::none);
  EXPECT_EQ(standing(absent()), Standing::none);
}

TEST(BenchRecord, ALayerOfOneRowIsHeldToPlainReading) {
  Record record = linear();
  record.read_bar = 0.5;  // just what it reaches
  EXPECT_EQ(standing(record), Standing::reached);
  record.read_bar = 0.51;
  EXPECT_EQ(standing(record), Standing::missed);
}

// Its time as a share of linear()'s.
Record peer(double seconds) {
  Record record = linear();
  record.impl = "torch 2 (bf16)";
  record.peer = true;
  record.seconds.median *= seconds;
  record.differs = "rounds to bf16";
  return record;
}

TEST(BenchBars, APeerIsOneForTheSameSizesAndThreads) {
  Record other_threads = peer(0.5), other_sizes = peer(0.5), unmeasured = peer(0.5), int8 = linear();
  other_threads.threads = 1;
  other_sizes.case_name = "linear_q4gsw[M=32]/exact#0";
  unmeasured.samples = 0;
  int8.kind = "int8 linear";
  int8.case_name = "linear_dq8ca_q4gsw[M=1]/exact#0";
  int8.seconds.median /= 4;
  const bench::Run run =
      run_of({measured(), linear(), peer(0.9), peer(1), other_threads, other_sizes, unmeasured, int8});
  const std::vector<Bar> found = bars(run);
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0].to, "80 % of memcpy");
  EXPECT_DOUBLE_EQ(found[0].reached, 1);
  EXPECT_EQ(found[1].to, "torch 2 (bf16)");
  EXPECT_DOUBLE_EQ(found[1].reached, 0.9);
  EXPECT_EQ(found[1].why, "rounds to bf16; ours takes f32 as it is");
  EXPECT_TRUE(is_reached(found[2]));
  EXPECT_EQ(found[3].ours->kind, "int8 linear");
  EXPECT_DOUBLE_EQ(found[3].reached, 3.6);
}

TEST(BenchBars, MissesAreToldWithTheirReason) {
  const bench::Run run = run_of({linear(), peer(0.899), peer(1.1)});
  const std::string line =
      "MISSED: linear_q4gsw[M=1]/exact#0 cpu.avx2 x2 reaches 89 % of torch 2 (bf16), which rounds to bf16; ours takes "
      "f32 as it is\n";
  EXPECT_TRUE(text_table(run).ends_with(line)) << text_table(run);
  EXPECT_EQ(headline(run), "3 measured; 1 of 2 bars are reached");
  const std::string page = write_html(run);
  EXPECT_NE(page.find("MISSED</span> rounds to bf16"), std::string::npos);
  EXPECT_NE(page.find("reached</span>"), std::string::npos);
  EXPECT_EQ(write_html(run_of({linear()})).find("id=\"bars\""), std::string::npos);
}

TEST(BenchRecord, ExitCodeAndHeadline) {
  EXPECT_EQ(exit_code(run_of({measured(), absent()})), 0);
  EXPECT_EQ(headline(run_of({measured(), absent()})), "1 measured; 1 of 1 bars are reached");
  EXPECT_EQ(exit_code(run_of({})), 2);
  EXPECT_EQ(exit_code(run_of({absent()})), 2);
  EXPECT_EQ(headline(run_of({absent()})), "Nothing measured");
  Record broken = absent();
  broken.misbehaved = true;
  EXPECT_EQ(exit_code(run_of({measured(), broken})), 1);
  EXPECT_EQ(headline(run_of({measured(), broken})), "1 measured, 1 failed; 1 of 1 bars are reached");
  bench::Run cut = run_of({measured()});
  cut.info.planned = 5;
  cut.info.interrupted = true;
  EXPECT_EQ(exit_code(cut), 2);
  EXPECT_EQ(headline(cut), "1 measured; 1 of 1 bars are reached; cut short at 1 of 5");
}

TEST(BenchFormats, TheTableShowsWhatThereIsAndLeavesEmptyColumnsOut) {
  const std::string text = text_table(run_of({measured()}));
  EXPECT_NE(text.find("1.000"), std::string::npos) << text;
  EXPECT_NE(text.find("24.00  30.00     80     75     50"), std::string::npos) << text;
  EXPECT_NE(text.find("reaches 80 %"), std::string::npos) << text;
  EXPECT_EQ(text.find("GFLOP/s"), std::string::npos) << text;
  EXPECT_EQ(text.find("may not write before"), std::string::npos) << text;
  EXPECT_NE(text_table(run_of({measured(), linear()})).find("GFLOP/s"), std::string::npos);
  EXPECT_NE(text_table(run_of({absent()})).find("not installed"), std::string::npos);
}

TEST(BenchFormats, CsvHasEveryFieldOnceAndRowsOfEqualLength) {
  const std::string csv = write_csv(run_of({measured(), linear()}));
  const std::string names = csv.substr(0, csv.find("\r\n"));
  EXPECT_EQ(names.substr(0, 26), "kind,op,impl,case_name,thr");
  EXPECT_NE(names.find("seconds_median,seconds_low,seconds_high,seconds_least,share_of_copy_median"),
            std::string::npos);
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(std::ranges::count(line, ','), std::ranges::count(names, ',')) << line;
  }
  EXPECT_NE(csv.find(",0.001,0.0009,0.0012,0.0008,"), std::string::npos) << csv;
}

TEST(BenchFormats, JsonHoldsEverythingAndSurvivesHostileText) {
  const auto json = nlohmann::json::parse(write_json(run_of({measured(), absent()})));
  EXPECT_EQ(json["format"], "plumbline benchmark");
  EXPECT_EQ(json["info"]["command"], "plumb bench");
  ASSERT_EQ(json["records"].size(), 2U);
  EXPECT_EQ(json["records"][0]["seconds"]["median"], 1e-3);
  EXPECT_EQ(json["records"][0]["moved_bytes"], 24'000'000);
  EXPECT_EQ(json["records"][1]["case_name"], kHostileText);
}

TEST(BenchFormats, ThePageIsWholeAndEscapesText) {
  bench::Run run = run_of({measured(), linear(), absent()});
  const std::string page = write_html(run);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("</script>"), std::string::npos);
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_NE(page.find("pack_uint4[n=16777216]"), std::string::npos);
  EXPECT_NE(page.find("reaches 80 %"), std::string::npos);
  for (const Column& column : columns()) EXPECT_NE(page.find(column.heading), std::string::npos);
  EXPECT_EQ(page.find("interrupted"), std::string::npos);
  run.info.interrupted = true;
  EXPECT_NE(write_html(run).find("interrupted"), std::string::npos);
}

TEST(BenchFormats, WritesTheThreeFilesOfEveryReport) {
  const auto dir = std::filesystem::path(testing::TempDir()) / "plumb_bench_formats_test";
  std::filesystem::remove_all(dir);
  write_reports(run_of({measured()}), dir);
  for (const char* name : {"report.html", "results.csv", "results.json"}) {
    EXPECT_GT(std::filesystem::file_size(dir / name), 100U) << name;
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace plumb::bench
