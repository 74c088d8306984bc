#include "reports/html.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "reports/html/sections.h"
#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string header_of(const Run& run) { return header_section(run, summarize(run)); }

TEST(HtmlHeader, SaysTheVerdictInWordsAndTone) {
  plumb::Run run = proved_run(1234);
  EXPECT_TRUE(has(header_of(run), "<header class=\"pass\">"));
  EXPECT_TRUE(has(header_of(run), "1,234 cases proved, 0 wrong</h1>"));
  run.records.push_back(failing_record("op", "impl", 0));
  EXPECT_TRUE(has(header_of(run), "<header class=\"fail\">"));
  EXPECT_TRUE(has(header_of(run), "1 of 1,235 cases wrong</h1>"));
  EXPECT_TRUE(has(header_of(plumb::Run{}), "<header class=\"vacuous\">"));
  EXPECT_TRUE(has(header_of(plumb::Run{}), "Nothing proved"));
}

TEST(HtmlHeader, ABannerOnlyIfTheRunWasCutShort) {
  plumb::Run run = proved_run(10);
  EXPECT_FALSE(has(header_of(run), "class=\"banner\""));
  run.info.planned = 5000;
  EXPECT_TRUE(has(header_of(run), "The run was cut short.</b> 10 of 5,000 cases planned"));
  EXPECT_FALSE(has(header_of(run), "<header class=\"pass\">"));
  run.info.interrupted = true;
  EXPECT_TRUE(has(header_of(run), "The run was interrupted.</b> 10 of 5,000"));
}

TEST(HtmlHeader, StatesTheFacts) {
  const std::string html = header_of(proved_run(1000));
  for (const char* fact : {"plumb check", "2026-08-14T09:12:44Z", "12.5 s", "80 cases/s", "16 cores; avx2 scalar",
                           "llvmpipe", "1,000 of 1,000 planned"})
    EXPECT_TRUE(has(html, fact)) << fact;
}

TEST(HtmlMatrix, ACellSaysTheWorstThatHappenedInIt) {
  plumb::Run run;
  run.records = {passing_record("pack", "cpu.avx2", 0), failing_record("pack", "cpu.avx2", 1),
                 bare_record(Outcome::skip, "pack", "cpu.avx3", "no AVX3"), passing_record("linear", "cpu.avx2", 0)};
  const std::string html = matrix_section(summarize(run));
  EXPECT_TRUE(has(html, "class=\"cell filter fail\" href=\"#cases\" data-op=\"pack\" data-impl=\"cpu.avx2\""));
  EXPECT_TRUE(has(html, "<b>1</b> fail</span><span class=\"others\">1 pass</span>"));
  EXPECT_TRUE(has(html, "class=\"cell filter skip\""));
  EXPECT_TRUE(has(html, "<td class=\"empty\">not run</td>"));
  EXPECT_TRUE(has(html, "worst error/bound </span>2048</span>"));
  EXPECT_EQ(occurrences(html, "class=\"cell filter pass\""), 1);
}

TEST(HtmlMatrix, NanIsDrawnBeyondTheBound) {
  plumb::Run run = proved_run(1);
  EXPECT_FALSE(has(matrix_section(summarize(run)), "meter over"));
  run.records[0].worst->ratio = std::nan("");
  EXPECT_TRUE(has(matrix_section(summarize(run)), "meter over"));
}

TEST(HtmlFailures, ShowEvidenceReasonAndCommandWithoutScript) {
  plumb::Run run = proved_run(3);
  EXPECT_EQ(failures_section(run), "");
  run.records.push_back(failing_record("linear_q4gsw", "cpu.avx2", 7));
  run.records.push_back(bare_record(Outcome::vacuous, "linear_q4gsw", "cpu.avx2", "all codes are 8"));
  const std::string html = failures_section(run);
  EXPECT_TRUE(has(html, "y[2,64]: got 0.4375, want 0.21875, bound 1.1e-04 (2048 x); 181 of 288 wrong"));
  EXPECT_TRUE(has(html, "looks like: scale taken from group k / 64 instead of k / 32"));
  EXPECT_TRUE(has(html, "<code>plumb check &#39;linear_q4gsw[N=3,K=96,group=32]/spread#7&#39; --impl cpu.avx2</code>"));
  EXPECT_TRUE(has(html, "<h2>Vacuous cases</h2>"));
  EXPECT_TRUE(has(html, "all codes are 8"));
}

TEST(HtmlFailures, ShowWhatAWrongOutputLooksLike) {
  plumb::Run run;
  run.records = {failing_record("linear_q4gsw", "cpu.avx2", 7)};
  EXPECT_EQ(failures_section(run).find("class=\"diagnosis\""), std::string::npos);
  run.records[0].diagnosis = "offset 7 < 8";
  EXPECT_NE(failures_section(run).find("<p class=\"diagnosis\">looks like: offset 7 &lt; 8</p>"), std::string::npos);
}

TEST(HtmlFailures, OneCellCannotBuryAnother) {
  plumb::Run run;
  for (int i = 0; i < 100; ++i) run.records.push_back(failing_record("pack", "cpu.avx2", i));
  run.records.push_back(failing_record("pack", "cpu.sse4", 0));
  const std::string html = failures_section(run);
  EXPECT_EQ(occurrences(html, "<article"), kFailuresPerCell + 1);
  EXPECT_TRUE(has(html, "and 80 more of pack on cpu.avx2"));
}

TEST(HtmlRatios, ARatioOfOneLiesWithinAndTheNextBeyond) {
  const auto drawn = [](double ratio) {
    plumb::Run run = proved_run(1);
    run.records[0].worst->ratio = ratio;
    return ratio_section(run, summarize(run));
  };
  EXPECT_TRUE(has(drawn(1.0), "<rect class=\"near\""));
  EXPECT_TRUE(has(drawn(std::nextafter(1.0, 2.0)), "<rect class=\"over\""));
  EXPECT_TRUE(has(drawn(1e-30), "<rect class=\"within\""));
  EXPECT_TRUE(has(drawn(1e30), "<rect class=\"over\""));
  EXPECT_TRUE(has(drawn(std::nan("")), "<text class=\"over\""));
  EXPECT_TRUE(has(drawn(std::numeric_limits<double>::infinity()), "<text class=\"over\""));
  EXPECT_TRUE(has(drawn(0), "<text class=\"within\""));
  EXPECT_EQ(ratio_section(plumb::Run{}, Summary{}), "");
}

nlohmann::json case_data_of(const std::string& page) {
  const std::string opening = "id=\"case-data\">";
  const std::size_t from = page.find(opening) + opening.size();
  return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(HtmlCases, DataHoldsEveryRecord) {
  const plumb::Run run = hostile_run(20);
  const nlohmann::json data = case_data_of(write_html(run, {}));
  ASSERT_EQ(data.at("rows").size(), run.records.size());
  const auto& first = data.at("rows").at(0);
  EXPECT_EQ(data.at("cases").at(first.at(3).get<std::size_t>()), run.records[0].case_name);
  EXPECT_EQ(first.at(4), "0.43");
  const std::string frame = data.at("strings").at(first.at(7).get<std::size_t>());
  EXPECT_EQ(frame, std::string("plumb check '") + '\0' + "' --impl cpu.scalar");
}

TEST(HtmlPage, HostileTextIsShownNotInterpreted) {
  const std::string page = write_html(hostile_run(4), {{kHostileText, kHostileText, kHostileText}});
  EXPECT_FALSE(has(page, "<b>&\""));
  EXPECT_EQ(occurrences(page, "<script"), 2);
  EXPECT_EQ(occurrences(page, "</script>"), 2);
  EXPECT_EQ(occurrences(page, "<!--"), 0);
}

TEST(HtmlPage, NeedsNothingFromElsewhere) {
  const std::string page = write_html(hostile_run(4), {{"pack", "low nibble first", "+---+"}});
  EXPECT_FALSE(has(page, "http://") && !has(page, "xmlns='http://www.w3.org/2000/svg'"));
  EXPECT_EQ(occurrences(page, "http"), occurrences(page, "http-equiv") + 1) << "only the icon's xmlns";
  EXPECT_FALSE(has(page, "url("));
  EXPECT_FALSE(has(page, "@import"));
  EXPECT_TRUE(has(page, "default-src 'none'"));
  EXPECT_TRUE(has(page, "<pre tabindex=\"0\">+---+</pre>"));
}

TEST(HtmlPage, FrameNamesEveryElementThatTheScriptAsksFor) {
  const std::string page = write_html(proved_run(1), {});
  const std::string call = "byId(\"";
  for (std::size_t at = page.find(call); at != std::string::npos; at = page.find(call, at + 1)) {
    const std::size_t from = at + call.size();
    const std::string id = page.substr(from, page.find('"', from) - from);
    EXPECT_TRUE(has(page, "id=\"" + id + "\"")) << id;
  }
}

TEST(HtmlTables, StandBesideTheCases) {
  plumb::Run run = proved_run(4);
  run.tables = {{"Faults <caught>", "A note", {"id", "source"}, {{"S01", "https://github.com/a/b/pull/7"}}}};
  const std::string page = write_html(run, {});
  EXPECT_NE(page.find("<h2>Faults &lt;caught&gt;</h2>"), std::string::npos);
  EXPECT_NE(page.find("<a href=\"https://github.com/a/b/pull/7\" rel=\"noreferrer\">a/b/pull/7</a>"),
            std::string::npos);
  EXPECT_EQ(page.find("<summary>"), std::string::npos);
  run.tables[0].rows.resize(61, {"S02", "none"});
  EXPECT_NE(write_html(run, {}).find("<summary>61 rows</summary>"), std::string::npos);
}

TEST(HtmlFailures, ShowWhereTheWrongElementsAre) {
  plumb::Run run = proved_run(4);
  EXPECT_EQ(write_html(run, {}).find("<figure class=\"heat\">"), std::string::npos);
  Record record = failing_record("linear_q4gsw", "cpu.avx2", 7);
  record.heat = {"09", "00"};
  record.smallest = "linear_q4gsw[M=1,K=1,N=1,group=1]/spread#7";
  run.records.push_back(record);
  const std::string page = write_html(run, {});
  EXPECT_NE(page.find("<rect x=\"1\" y=\"0\" width=\"1\" height=\"1\" opacity=\"0.9\"/>"), std::string::npos);
  EXPECT_NE(page.find("plumb check &#39;linear_q4gsw[M=1,K=1,N=1,group=1]/spread#7&#39;"), std::string::npos);
}

}  // namespace
}  // namespace plumb
