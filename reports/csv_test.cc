#include "reports/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "reports/testing/arbitrary_run.h"
#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// RFC 4180, strictly: throws for a bare quote, a bare line break or a last row without CRLF.
Rows parsed(const std::string& text) {
  Rows rows;
  std::vector<std::string> row(1);
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"' && row.back().empty()) {
      for (++i; i < text.size() && (text[i] != '"' || text.substr(i, 2) == "\"\""); ++i) {
        row.back() += text[i];
        if (text[i] == '"') ++i;
      }
      if (i++ >= text.size()) throw std::runtime_error("quote left open");
    } else if (text[i] == ',') {
      row.emplace_back();
      ++i;
    } else if (text.substr(i, 2) == "\r\n") {
      rows.push_back(std::move(row));
      row = {""};
      i += 2;
    } else if (text[i] == '"' || text[i] == '\r' || text[i] == '\n') {
      throw std::runtime_error("bare quote or line break");
    } else {
      row.back() += text[i++];
    }
  }
  if (row != std::vector<std::string>{""}) throw std::runtime_error("last row without CRLF");
  return rows;
}

TEST(Csv, Approved) {
  plumb::Run run;
  run.records = {failing_record("linear_q4gsw", "cpu.avx2", 7),
                 bare_record(Outcome::skip, "pack", "cpu.avx3", "no \"AVX3\"")};
  run.records[0].worst->got = std::nan("");
  run.records[1].case_name = "pack/a#1";
  run.records[1].again = "";
  EXPECT_EQ(
      write_csv(run),
      "op,impl,case_name,outcome,reason,worst_port,worst_index,worst_got,worst_want,worst_bound,worst_ratio,"
      "elements,wrong,unwritten,unjudged,milliseconds,again,vouches_for,changed_input,elements_changed,elements_shown,"
      "diagnosis,smallest,heat\r\n"
      "linear_q4gsw,cpu.avx2,\"linear_q4gsw[N=3,K=96,group=32]/spread#7\",fail,"
      "looks like: scale taken from group k / 64 instead of k / 32,y,2;64,nan,0.21875,0.00010681,2048,"
      "288,181,0,0,0.5,\"plumb check 'linear_q4gsw[N=3,K=96,group=32]/spread#7' --impl cpu.avx2\",,,0,0,,,\r\n"
      "pack,cpu.avx3,pack/a#1,skip,\"no \"\"AVX3\"\"\",,,,,,,0,0,0,0,0.5,,,,0,0,,,\r\n");
}

TEST(Csv, AnEmptyRunIsTheHeader) { EXPECT_EQ(parsed(write_csv(plumb::Run{})).size(), 1u); }

RC_GTEST_PROP(Csv, AStrictReaderGetsBackEveryText, ()) {
  const plumb::Run run = draw_run();
  const Rows rows = parsed(write_csv(run));
  RC_ASSERT(rows.size() == run.records.size() + 1);
  for (std::size_t i = 0; i < run.records.size(); ++i) {
    const Record& record = run.records[i];
    const std::vector<std::string>& row = rows[i + 1];
    RC_ASSERT(row.size() == rows[0].size());
    RC_ASSERT(row[0] == record.op);
    RC_ASSERT(row[2] == record.case_name);
    RC_ASSERT(row[3] == to_string(record.outcome));
    RC_ASSERT(row[4] == record.reason);
    RC_ASSERT(row[5] == (record.worst ? record.worst->port : ""));
    RC_ASSERT(row[11] == std::to_string(record.elements));
    RC_ASSERT(row[16] == record.again);
    RC_ASSERT(row[17] == record.vouches_for && row[21] == record.diagnosis);
  }
}

TEST(Csv, TheReaderOfThisTestRefusesWrongFiles) {
  for (const char* text : {"a,b", "a\"b\r\n", "\"a\r\n", "a\nb\r\n", "\"a\"\"\r\n"})
    EXPECT_THROW((void)parsed(text), std::runtime_error) << text;
}

}  // namespace
}  // namespace plumb
