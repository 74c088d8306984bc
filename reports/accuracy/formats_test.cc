#include "reports/accuracy/formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "reference/error.h"
#include "reports/accuracy/columns.h"

namespace plumb::accuracy {
namespace {

accuracy::Run some_run() {
  accuracy::Run run;
  run.info.command = "plumb accuracy <b>";
  run.model = "m";
  run.text = "t.npy";
  run.text_hash = 0xFFFFFFFFFFFFFFFF;
  run.window = 256;
  run.notes = {"A note."};
  run.peers = {{"llama.cpp", "there is none", kUnknown, kUnknown}};
  Record original;
  original.kind = Kind::original;
  original.scheme = "f16";
  original.outcome = Outcome::pass;
  original.cost = {100, 46.2, 1.05, 46.2, {0, 0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  run.records.push_back(original);
  Record scheme = original;
  scheme.kind = Kind::quantisation;
  scheme.scheme = "a,\"b\"";
  scheme.bits = 4.25;
  scheme.cost = {100, 47, 1.1, 46.2, {0.017, 0.01, 0.024}, 0.02, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.01, 0.95, 0.004};
  scheme.layers = {{"model.embed_tokens", 0, 0, 0, kUnknown, 0}, {"lm_head", 4, 0.1, 0.2, kUnknown, 0}};
  run.records.push_back(scheme);
  Record kernel = scheme;
  kernel.kind = Kind::implementation;
  kernel.impl = "cpu.avx2";
  kernel.outcome = Outcome::fail;
  kernel.reason = "lm_head is <wrong>";
  kernel.total = kernel.cost;
  kernel.layers[1] = {"lm_head", 4, 1e-3, 1e-3, 200, 3};
  kernel.window_nll = {1.25, -0.0};
  run.records.push_back(kernel);
  return run;
}

TEST(AccuracyReport, JsonReadsBackExactly) {
  const accuracy::Run run = some_run();
  const std::string text = write_json(run);
  EXPECT_EQ(write_json(read_json(text)), text);
  const accuracy::Run back = read_json(text);
  ASSERT_EQ(back.records.size(), 3U);
  EXPECT_EQ(back.text_hash, run.text_hash);
  EXPECT_EQ(back.records[2].impl, "cpu.avx2");
  EXPECT_EQ(back.records[2].layers[1].wrong, 3);
  EXPECT_EQ(back.records[1].cost.increase.high, 0.024);
  EXPECT_TRUE(std::isnan(back.records[0].since_baseline.value));
}

TEST(AccuracyReport, DamagedJsonIsRefused) {
  const std::string text = write_json(some_run());
  const auto refused = [&](const std::string& from, const std::string& to, const char* part) {
    std::string bad = text;
    bad.replace(bad.find(from), from.size(), to);
    try {
      (void)read_json(bad);
      ADD_FAILURE() << from;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused("plumbline accuracy", "plumbline results", "/format");
  refused("\"version\":1", "\"version\":2", "/version");
  refused("\"kind\":\"original\"", "\"kind\":\"copy\"", "/records/0/kind");
  refused("\"tokens\":100", "\"tokens\":\"x\"", "/records/0/cost/tokens");
  refused("\"window\":256", "\"windows\":256", "window");
  EXPECT_THROW((void)read_json(text.substr(0, text.size() / 2)), Error);
}

// Every row of a CSV file has as many fields as its first.
void expect_even(const std::string& csv, std::ptrdiff_t rows) {
  std::stringstream lines(csv);
  std::string line;
  std::ptrdiff_t count = 0, fields = -1;
  while (std::getline(lines, line)) {
    bool quoted = false;
    std::ptrdiff_t commas = 0;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      commas += c == ',' && !quoted ? 1 : 0;
    }
    if (fields < 0) fields = commas;
    EXPECT_EQ(commas, fields) << line;
    EXPECT_EQ(line.back(), '\r');
    ++count;
  }
  EXPECT_EQ(count, rows);
}

TEST(AccuracyReport, CsvHasARowForEachRecordAndLayer) {
  expect_even(write_csv(some_run()), 4);
  expect_even(write_layers_csv(some_run()), 1 + 2 * 2);
  EXPECT_NE(write_csv(some_run()).find("cost_increase_low"), std::string::npos);
  EXPECT_NE(write_csv(some_run()).find("\"a,\"\"b\"\"\""), std::string::npos);
}

TEST(AccuracyReport, PageShowsTableAndPlotsAndInterpretsNothing) {
  const std::string page = write_html(some_run());
  for (const char* part : {"id=\"cases\"", "id=\"increase\"", "id=\"divergence\"", "id=\"layers\"", "id=\"legend\"",
                           "lm_head is &lt;wrong&gt;", "plumb accuracy &lt;b&gt;", "absent: there is none", "A note.",
                           "the first layer whose error leaves its bound is lm_head, 200 x"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http://www.w3.org/1999"), std::string::npos);
  accuracy::Run empty;
  EXPECT_NE(write_html(empty).find("0 schemes"), std::string::npos);
}

TEST(AccuracyReport, TerminalTellsNumbersReasonsAndPeers) {
  const std::string text = text_table(some_run());
  for (const char* part : {"PPL", "46.200", "4.250", "cpu.avx2", "fail: lm_head is <wrong>", "95.00", "200",
                           "llama.cpp: absent: there is none", "A note."}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find("since"), std::string::npos);  // no baseline, no column
}

TEST(AccuracyReport, ExitCodes) {
  accuracy::Run run = some_run();
  EXPECT_EQ(exit_code(run), 1);
  run.records[2].outcome = Outcome::pass;
  EXPECT_EQ(exit_code(run), 0);
  run.info.interrupted = true;
  EXPECT_EQ(exit_code(run), 2);
  run.info.interrupted = false;
  run.records.resize(1);
  EXPECT_EQ(exit_code(run), 2);  // nothing but the original
  EXPECT_EQ(exit_code({}), 2);
}

}  // namespace
}  // namespace plumb::accuracy
