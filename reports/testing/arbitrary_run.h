// RapidCheck generators of records and runs: every bit pattern of a double, every integer, any UTF-8 text.
#pragma once

#include <rapidcheck.h>

#include <bit>
#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb {

/// Short text of letters that formats have to escape, and letters of two to four bytes.
inline rc::Gen<std::string> arbitrary_text() {
  const std::vector<std::string> pieces = {"a",    "Z",  "0",  " ", ",", ";", "\"", "'", "\n",
                                           "\r",   "\t", "\\", "/", "<", "&", "{",  "]", std::string(1, '\0'),
                                           "\x7F", "Ω",  "…",  "𝛼"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                      [](const std::vector<std::string>& chosen) {
                        std::string text;
                        for (const std::string& piece : chosen) text += piece;
                        return text;
                      });
}

inline rc::Gen<double> arbitrary_double() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) { return std::bit_cast<double>(bits); }),
      rc::gen::element(0.0, -0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308),
      rc::gen::map(rc::gen::element<std::uint64_t>(0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                                   0xfff8000000000000, 0x7ff0000000000001),
                   [](std::uint64_t bits) { return std::bit_cast<double>(bits); }));
}

inline Worst draw_worst() {
  return {.port = *arbitrary_text(),
          .index = *rc::gen::arbitrary<std::vector<std::int64_t>>(),
          .got = *arbitrary_double(),
          .want = *arbitrary_double(),
          .bound = *arbitrary_double(),
          .ratio = *arbitrary_double()};
}

inline Record draw_record() {
  const auto integer = [] { return *rc::gen::arbitrary<std::int64_t>(); };
  const auto outcomes = all_outcomes();
  Record record(outcomes[*rc::gen::inRange<std::size_t>(0, outcomes.size())], *arbitrary_text());
  record.op = *arbitrary_text();
  record.impl = *arbitrary_text();
  record.case_name = *arbitrary_text();
  record.elements = integer();
  record.wrong = integer();
  record.unwritten = integer();
  record.unjudged = integer();
  record.milliseconds = *arbitrary_double();
  record.again = *arbitrary_text();
  record.vouches_for = *arbitrary_text();
  record.changed_input = *arbitrary_text();
  record.elements_changed = integer();
  record.elements_shown = integer();
  record.diagnosis = *arbitrary_text();
  record.smallest = *arbitrary_text();
  record.heat = {*arbitrary_text(), *arbitrary_text()};
  if (*rc::gen::arbitrary<bool>()) record.worst = draw_worst();
  return record;
}

inline Run draw_run() {
  Run run;
  run.info = {.command = *arbitrary_text(),
              .version = *arbitrary_text(),
              .started = *arbitrary_text(),
              .seconds = *arbitrary_double(),
              .machine = *arbitrary_text(),
              .devices = {*arbitrary_text(), *arbitrary_text()},
              .seed = *rc::gen::arbitrary<std::uint64_t>(),
              .planned = *rc::gen::arbitrary<std::int64_t>(),
              .interrupted = *rc::gen::arbitrary<bool>()};
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) run.records.push_back(draw_record());
  if (count > 1) run.tables = {{*arbitrary_text(), *arbitrary_text(), {"a"}, {{*arbitrary_text()}, {"b"}}}};
  return run;
}

}  // namespace plumb
