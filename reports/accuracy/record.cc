#include "reports/accuracy/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"
#include "reports/number_text.h"

namespace plumb::accuracy {

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::original:
      return "original";
    case Kind::quantisation:
      return "quantisation";
    case Kind::implementation:
      return "implementation";
  }
  PLUMB_CHECK(false);
}

Kind kind_from_string(const std::string& word) {
  for (const Kind kind : {Kind::original, Kind::quantisation, Kind::implementation}) {
    if (word == to_string(kind)) return kind;
  }
  throw Error(fmt::format("expected original, quantisation or implementation, got '{}'", word));
}

const Layer* first_wrong_layer(const Record& record) {
  const auto found = std::ranges::find_if(record.layers, [](const Layer& layer) { return layer.wrong > 0; });
  return found == record.layers.end() ? nullptr : &*found;
}

int exit_code(const Run& run) {
  const auto count = [&](auto predicate) { return std::ranges::count_if(run.records, predicate); };
  if (count([](const Record& r) { return is_wrong(r.outcome); }) > 0) return 1;
  const auto asked = [&](Kind kind) { return count([=](const Record& r) { return r.kind == kind; }); };
  const auto proved = [&](Kind kind) {
    return count([=](const Record& r) { return r.kind == kind && r.outcome == Outcome::pass; });
  };
  const bool vacuous = count([](const Record& r) { return r.outcome == Outcome::vacuous; }) > 0;
  const bool all_skipped = asked(Kind::implementation) > 0 && proved(Kind::implementation) == 0;
  return run.info.interrupted || vacuous || all_skipped || proved(Kind::quantisation) == 0 ? 2 : 0;
}

std::string headline(const Run& run) {
  std::int64_t schemes = 0, implementations = 0, wrong = 0, skipped = 0;
  for (const Record& record : run.records) {
    wrong += is_wrong(record.outcome) ? 1 : 0;
    if (record.kind == Kind::original) continue;
    if (record.outcome == Outcome::skip) {
      ++skipped;
    } else {
      ++(record.kind == Kind::quantisation ? schemes : implementations);
    }
  }
  std::string text = fmt::format("{}, {} measured, {} wrong", count_of(schemes, "scheme"),
                                 count_of(implementations, "implementation"), wrong);
  if (skipped > 0) text += fmt::format(", {} not measured", skipped);
  return run.info.interrupted ? text + " (interrupted)" : text;
}

}  // namespace plumb::accuracy
