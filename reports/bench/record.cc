#include "reports/bench/record.h"

#include <algorithm>

#include "reports/number_text.h"

namespace plumb::bench {
namespace {

double per_second(double amount, const Record& record) {
  return record.seconds.median > 0 ? amount / record.seconds.median : 0;
}

double share(double amount, double whole) { return whole > 0 ? amount / whole : 0; }

}  // namespace

bool is_measured(const Record& record) { return record.samples > 0; }

double moved_rate(const Record& record) { return per_second(static_cast<double>(record.moved_bytes), record); }

double needed_factor(const Record& record) {
  return 1 + share(static_cast<double>(record.checking_bytes), static_cast<double>(record.moved_bytes));
}

bool checks_matter(const Record& record) { return needed_factor(record) >= 1.005; }

double copy_rate(const Record& record) {
  return share(static_cast<double>(record.moved_bytes), record.copy_seconds.median);
}

double weight_rate(const Record& record) { return per_second(static_cast<double>(record.weight_bytes), record); }

double operations_per_second(const Record& record) {
  return per_second(static_cast<double>(record.operations), record);
}

double share_of_read(const Record& record) {
  return share(moved_rate(record) * needed_factor(record), record.read_rate);
}

double share_of_operations(const Record& record) { return share(operations_per_second(record), record.operation_rate); }

double share_of_roof(const Record& record) { return std::max(share_of_read(record), share_of_operations(record)); }

double share_of_copy_at_best(const Record& record) {
  return share(record.copy_seconds.least, record.seconds.least) * needed_factor(record);
}

Standing standing(const Record& record) {
  if (!is_measured(record) || record.bar <= 0) return Standing::none;
  return record.share_of_copy.median >= record.bar ? Standing::reached : Standing::missed;
}

int exit_code(const Run& run) {
  if (std::ranges::any_of(run.records, &Record::misbehaved)) return 1;
  const bool any = std::ranges::any_of(run.records, is_measured);
  const bool whole = !run.info.interrupted && static_cast<std::int64_t>(run.records.size()) >= run.info.planned;
  return any && whole ? 0 : 2;
}

std::string headline(const Run& run) {
  const auto count = [&](auto holds) { return static_cast<std::int64_t>(std::ranges::count_if(run.records, holds)); };
  const std::int64_t measured = count(is_measured), failed = count(&Record::misbehaved);
  const std::int64_t reached = count([](const Record& r) { return standing(r) == Standing::reached; });
  const std::int64_t missed = count([](const Record& r) { return standing(r) == Standing::missed; });
  std::string text = measured == 0 ? "Nothing measured" : thousands(measured) + " measured";
  if (failed > 0) text += ", " + thousands(failed) + " failed";
  if (reached + missed > 0)
    text += "; " + thousands(reached) + " of " + thousands(reached + missed) + " reach their bar";
  if (run.info.interrupted)
    text += "; cut short at " + thousands(static_cast<std::int64_t>(run.records.size())) + " of " +
            thousands(run.info.planned);
  return text;
}

}  // namespace plumb::bench
