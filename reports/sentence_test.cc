#include "reports/sentence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

TEST(Evidence, SaysGotWantBoundAndHowManyAreWrong) {
  EXPECT_EQ(evidence(failing_record("linear_q4gsw", "cpu.avx2", 7)),
            "y[2,64]: got 0.4375, want 0.21875, bound 1.1e-04 (2048 x); 181 of 288 wrong");
}

TEST(Evidence, ABoundOfZeroMeansBitForBit) {
  Record record = failing_record("pack_uint4", "cpu.avx2", 7);
  record.worst->bound = 0;
  EXPECT_EQ(evidence(record), "y[2,64]: got 0.4375, want 0.21875, which must agree bit for bit; 181 of 288 wrong");
}

TEST(Evidence, NanAndWhatWasNotWrittenOrNotJudged) {
  Record record = failing_record("linear_q4gsw", "cpu.avx2", 7);
  record.worst->got = record.worst->ratio = std::nan("");
  record.unwritten = 4;
  record.unjudged = 1;
  EXPECT_EQ(evidence(record),
            "y[2,64]: got nan, want 0.21875, bound 1.1e-04; 181 of 288 wrong; 4 never written; 1 not judged (no finite "
            "bound)");
}

TEST(Evidence, IsEmptyIfNothingWasCompared) {
  EXPECT_EQ(evidence(bare_record(Outcome::crash, "op", "impl", "SIGSEGV")), "");
}

TEST(CaseText, Approved) {
  EXPECT_EQ(case_text(failing_record("linear_q4gsw", "cpu.avx2", 7)),
            "FAIL    cpu.avx2  linear_q4gsw[N=3,K=96,group=32]/spread#7\n"
            "        y[2,64]: got 0.4375, want 0.21875, bound 1.1e-04 (2048 x); 181 of 288 wrong\n"
            "        looks like: scale taken from group k / 64 instead of k / 32\n"
            "        again: plumb check 'linear_q4gsw[N=3,K=96,group=32]/spread#7' --impl cpu.avx2\n");
}

TEST(CaseText, SaysWhatAWrongOutputLooksLike) {
  Record record = failing_record("linear_q4gsw", "cpu.avx2", 7);
  record.reason = "every element is wrong";
  record.diagnosis = "offset 7 instead of 8";
  EXPECT_NE(case_text(record).find("        every element is wrong\n        looks like: offset 7 instead of 8\n"
                                   "        again: "),
            std::string::npos);
}

TEST(IndexText, JoinsWithTheSeparator) {
  EXPECT_EQ(index_text({2, 64}, ';'), "2;64");
  EXPECT_EQ(index_text({}, ','), "");
}

}  // namespace
}  // namespace plumb
