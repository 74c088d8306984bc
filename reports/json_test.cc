#include "reports/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "reference/error.h"
#include "reports/record_fields.h"
#include "reports/testing/arbitrary_run.h"
#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}
bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }
bool same(const std::optional<Worst>& a, const std::optional<Worst>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->port == b->port && a->index == b->index && same(a->got, b->got) && same(a->want, b->want) &&
         same(a->bound, b->bound) && same(a->ratio, b->ratio);
}
bool same(const Record& a, const Record& b) {
  return a.op == b.op && a.impl == b.impl && a.case_name == b.case_name && a.outcome == b.outcome &&
         a.reason == b.reason && same(a.worst, b.worst) && a.elements == b.elements && a.wrong == b.wrong &&
         a.unwritten == b.unwritten && a.unjudged == b.unjudged && same(a.milliseconds, b.milliseconds) &&
         a.again == b.again && a.vouches_for == b.vouches_for && a.changed_input == b.changed_input &&
         a.elements_changed == b.elements_changed && a.elements_shown == b.elements_shown &&
         a.diagnosis == b.diagnosis && a.smallest == b.smallest && a.heat == b.heat;
}
bool same(const Table& a, const Table& b) {
  return a.title == b.title && a.note == b.note && a.header == b.header && a.rows == b.rows;
}
bool same(const Run& a, const Run& b) {
  const auto same_tables = [](const Table& s, const Table& t) { return same(s, t); };
  if (!std::ranges::equal(a.tables, b.tables, same_tables)) return false;
  const RunInfo& x = a.info;
  const RunInfo& y = b.info;
  if (a.records.size() != b.records.size()) return false;
  for (std::size_t i = 0; i < a.records.size(); ++i)
    if (!same(a.records[i], b.records[i])) return false;
  return x.command == y.command && x.version == y.version && x.started == y.started && same(x.seconds, y.seconds) &&
         x.machine == y.machine && x.devices == y.devices && x.seed == y.seed && x.planned == y.planned &&
         x.interrupted == y.interrupted;
}

RC_GTEST_PROP(Json, RunsReadBackBitForBit, ()) {
  const plumb::Run run = draw_run();
  RC_ASSERT(same(read_json(write_json(run)), run));
}

RC_GTEST_PROP(Json, RecordsAreOneLineAndReadBackBitForBit, ()) {
  const Record record = draw_record();
  const std::string line = record_to_line(record);
  RC_ASSERT(line.find('\n') == std::string::npos);
  RC_ASSERT(same(record_from_line(line), record));
}

RC_GTEST_PROP(Json, NoPartOfALineIsARecord, ()) {
  const std::string line = record_to_line(draw_record());
  const auto length = *rc::gen::inRange<std::size_t>(0, line.size());
  RC_ASSERT_THROWS_AS((void)record_from_line(line.substr(0, length)), Error);
}

TEST(Json, NoPartOfAFileIsARun) {
  const std::string text = write_json(hostile_run(1));
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    EXPECT_THROW((void)read_json(text.substr(0, length)), Error) << length;
  EXPECT_NO_THROW((void)read_json(text));
}

TEST(Json, ABadByteIsReplacedNotFatal) {
  plumb::Run run = proved_run(1);
  run.records[0].reason = "bad \xFF byte";
  EXPECT_EQ(read_json(write_json(run)).records[0].reason, "bad \xEF\xBF\xBD byte");
}

/// The message for a text with one thing changed; fails the test if it is accepted.
std::string refusal(const std::string& from, const std::string& to) {
  std::string text = write_json(proved_run(2));
  const std::size_t at = text.rfind(from);
  if (at == std::string::npos) return "nothing like " + from;
  text.replace(at, from.size(), to);
  try {
    (void)read_json(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Json, RefusalsNameThePointer) {
  EXPECT_EQ(refusal("\"got\":0.25", "\"got\":\"many\""),
            "results: /records/1/worst/got: expected a number, \"inf\", \"-inf\" or \"nan\", got \"many\"");
  EXPECT_EQ(refusal("\"got\":0.25", "\"got\":null"),
            "results: /records/1/worst/got: expected a number, \"inf\", \"-inf\" or \"nan\", got null");
  EXPECT_EQ(refusal("\"elements\":288", "\"elements\":[288]"),
            "results: /records/1/elements: expected an integer, got an array");
  EXPECT_EQ(refusal("\"elements\":288", "\"elements\":288.5"),
            "results: /records/1/elements: expected an integer, got 288.5");
  EXPECT_EQ(refusal("\"elements\":288", "\"elements\":18446744073709551615"),
            "results: /records/1/elements: does not fit 64 bits with a sign");
  EXPECT_EQ(refusal("\"index\":[1,5]", "\"index\":[1,\"5\"]"),
            "results: /records/1/worst/index/1: expected an integer, got \"5\"");
  EXPECT_EQ(
      refusal("\"pass\"", "\"passed\""),
      "results: /records/1/outcome: outcome: expected one of pass, fail, crash, hang, skip, xfail, flaky, vacuous; "
      "got 'passed'");
  EXPECT_EQ(refusal("\"reason\":\"\",", ""), "results: /records/1: field \"reason\" is missing");
  EXPECT_EQ(refusal("\"reason\":\"\"", "\"reason\":\"\",\"mood\":1"), "results: /records/1: unknown field \"mood\"");
  EXPECT_EQ(refusal("\"seed\": 7", "\"seed\": -7"),
            "results: /info/seed: expected an integer from 0 to 2^64 - 1, got -7");
  EXPECT_EQ(refusal("\"interrupted\": false", "\"interrupted\": 0"),
            "results: /info/interrupted: expected true or false, got 0");
  EXPECT_EQ(refusal("\"version\": 1,", "\"version\": 2,"),
            "results: /version: expected 1, got 2; written by another release of plumb?");
  EXPECT_EQ(refusal("plumbline results", "shopping list"),
            "results: /format: expected \"plumbline results\", got \"shopping list\"");
}

TEST(Json, ABreakNamesThePlaceItIsAt) {
  EXPECT_NE(refusal("\"got\":0.25", "\"got\":0.2x").find("results: /records/1/worst/got: not JSON, or cut off"),
            std::string::npos);
  EXPECT_NE(refusal("\"got\":0.25", "\"got\":1e999").find("/records/1/worst/got"), std::string::npos);
  for (const char* text : {"", "[]", "null", "{}", "{\"a/b\":", "nonsense", "{\"format\": 3}"}) {
    EXPECT_THROW((void)read_json(text), Error) << text;
    EXPECT_THROW((void)record_from_line(text), Error) << text;
  }
}

TEST(Json, DeepNestingIsRefusedNotFatal) {
  EXPECT_THROW((void)read_json(std::string(200000, '[')), Error);
  EXPECT_THROW((void)read_json(std::string(200000, '[') + std::string(200000, ']')), Error);
}

}  // namespace
}  // namespace plumb
