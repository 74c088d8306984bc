#include "runners/shrink.h"

#include <algorithm>
#include <optional>
#include <set>

#include "reference/error.h"

namespace plumb {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kTimeForOne{1500};

// Smaller values of a size: the smallest ones, those that are planned, a half, and one less.
std::vector<std::int64_t> smaller_sizes(const std::vector<std::int64_t>& planned, std::int64_t now) {
  std::set<std::int64_t> values = {1, 2, 3, 4, now / 2, now - 1};
  values.insert(planned.begin(), planned.end());
  values.erase(values.begin(), values.lower_bound(1));
  values.erase(values.lower_bound(now), values.end());
  return {values.begin(), values.end()};
}

// Values of a parameter that are simpler: its default, or smaller ones of an integer.
std::vector<std::int64_t> simpler_values(const Param& param, std::int64_t now) {
  if (param.kind == Param::Kind::integer && !param.default_value) return smaller_sizes(param.values, now);
  const std::int64_t simplest = param.default_value.value_or(param.values.front());
  return now == simplest ? std::vector<std::int64_t>() : std::vector{simplest};
}

class Shrinking {
 public:
  Shrinking(const Case& failing, const std::function<bool(const Case&)>& fails, std::chrono::milliseconds time)
      : smallest_(failing), fails_(fails), deadline_(Clock::now() + time) {}

  Case run() {
    while (shrink_once()) {
    }
    return smallest_;
  }

 private:
  // One round over everything that could be smaller; whether anything became so.
  bool shrink_once() {
    bool any = false;
    for (const Size& size : smallest_.op->sizes) {
      any = try_values(size.name, smaller_sizes(size.sweep, value_of(size.name))) || any;
    }
    for (const Param& param : smallest_.op->params) {
      any = try_values(param.name, simpler_values(param, value_of(param.name))) || any;
    }
    return any && Clock::now() < deadline_;
  }

  [[nodiscard]] std::int64_t value_of(const std::string& name) const { return smallest_.signature[name]; }

  bool try_values(const std::string& name, const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) {
      if (Clock::now() >= deadline_) return false;
      Sizes sizes = smallest_.signature.values;
      sizes[name] = value;
      if (!is_legal(*smallest_.op, sizes)) continue;
      Case smaller = smallest_;
      smaller.signature = make_signature(*smallest_.op, sizes);
      if (!fails_(smaller)) continue;
      smallest_ = std::move(smaller);
      return true;
    }
    return false;
  }

  Case smallest_;
  const std::function<bool(const Case&)>& fails_;
  Clock::time_point deadline_;
};

std::optional<Case> case_of(const Record& record) {
  try {
    return parse_case(record.case_name);
  } catch (const Error&) {
    return std::nullopt;  // e.g. of a golden
  }
}

Record shrunk(const Subject& subject, const Case& failing) {
  const auto fails = [&](const Case& test_case) {
    return judge_subject(subject, ask(test_case)).outcome == Outcome::fail;
  };
  Record record(Outcome::fail, "");
  if (!fails(failing)) return record;  // seen by something else than one call
  const Case smallest = smallest_failing(failing, fails, kTimeForOne);
  if (to_string(smallest) != to_string(failing)) record.smallest = to_string(smallest);
  return record;
}

}  // namespace

Case smallest_failing(const Case& failing, const std::function<bool(const Case&)>& fails,
                      std::chrono::milliseconds time) {
  return Shrinking(failing, fails, time).run();
}

void shrink_failures(const std::vector<Subject>& subjects, const SandboxOptions& options,
                     std::vector<Record>& records) {
  std::set<std::pair<std::string, std::string>> tried;
  std::vector<Unit> units;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    if (record.outcome != Outcome::fail || tried.contains({record.op, record.impl})) continue;
    const auto subject = std::ranges::find_if(
        subjects, [&](const Subject& s) { return record.op == s.impl->op && record.impl == s.impl->name; });
    const std::optional<Case> failing = subject == subjects.end() ? std::nullopt : case_of(record);
    if (!failing) continue;
    tried.insert({record.op, record.impl});
    units.push_back({{{record.op, record.impl, record.case_name, record.again,
                       [subject = *subject, failing = *failing] { return shrunk(subject, failing); }}},
                     {},
                     {}});
    places.push_back(i);
  }
  const std::vector<Record> found = work_through(units, options);
  if (found.size() != places.size()) return;  // cut short: nobody knows which are missing
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].outcome == Outcome::fail) records[places[i]].smallest = found[i].smallest;
  }
}

}  // namespace plumb
