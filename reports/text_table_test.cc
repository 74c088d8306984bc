#include "reports/text_table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

Run mixed_run() {
  plumb::Run run = proved_run(1500);
  run.records.push_back(failing_record("linear_q4gsw", "cpu.avx2", 1));
  run.records.push_back(bare_record(Outcome::crash, "linear_q4gsw", "cpu.avx2", "SIGSEGV"));
  run.records.push_back(bare_record(Outcome::flaky, "pack_uint4", "vulkan.llvmpipe", "two runs differ"));
  run.records.push_back(bare_record(Outcome::xfail, "pack_uint4", "cpu.scalar", "#12"));
  for (int i = 0; i < 2; ++i) run.records.push_back(bare_record(Outcome::skip, "pack_uint4", "cpu.avx3", "no AVX3"));
  run.records.back().reason = "no room";
  return run;
}

TEST(TextTable, Approved) {
  EXPECT_EQ(
      text_table(summarize(mixed_run())),
      "operator      implementation   cases   pass  fail  skip  worst error/bound\n"
      "linear_q4gsw  cpu.scalar         250    250     0     0               0.43\n"
      "linear_q4gsw  cpu.avx2           502    500     2     0               2048  1 fail, 1 crash\n"
      "pack_uint4    cpu.scalar         251    250     0     0               0.43  1 xfail\n"
      "pack_uint4    cpu.avx2           500    500     0     0               0.43\n"
      "pack_uint4    vulkan.llvmpipe      1      0     1     0                  -  1 flaky\n"
      "pack_uint4    cpu.avx3             2      0     0     2                  -\n"
      "total                          1,506  1,500     3     2               2048  1 fail, 1 crash, 1 flaky, 1 xfail\n"
      "skip 1 x: no AVX3\n"
      "skip 1 x: no room\n");
}

TEST(TextTable, AnEmptyRunHasOnlyTotals) {
  EXPECT_EQ(text_table(summarize(plumb::Run{})),
            "operator  implementation  cases  pass  fail  skip  worst error/bound\n"
            "total                         0     0     0     0                  -\n");
}

TEST(TextTable, ShowsNanAsTheWorst) {
  plumb::Run run = proved_run(2);
  run.records[0].worst->ratio = std::nan("");
  EXPECT_NE(text_table(summarize(run)).find("  nan\n"), std::string::npos);
}

}  // namespace
}  // namespace plumb
