#include "reports/bench/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "reports/number_text.h"

namespace plumb::bench {
namespace {

double per_second(double amount, const Record& record) {
  return record.seconds.median > 0 ? amount / record.seconds.median : 0;
}

double share(double amount, double whole) { return whole > 0 ? amount / whole : 0; }

// "M=1,K=4096,N=4096,group=128" of a case's name.
std::string_view sizes_of(const Record& record) {
  const std::string_view name = record.case_name;
  const std::size_t open = std::min(name.find('['), name.size());
  return name.substr(open, name.find(']', open) - open);
}

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
  if (!is_measured(record) || (record.bar <= 0 && record.read_bar <= 0)) return Standing::none;
  const bool copies = record.bar <= 0 || record.share_of_copy.median >= record.bar;
  const bool reads = record.read_bar <= 0 || share_of_read(record) >= record.read_bar;
  return copies && reads ? Standing::reached : Standing::missed;
}

namespace {

std::string why_faster(const Record& ours, const Record& peer) {
  if (peer.differs.empty() || ours.kind != "linear") return peer.differs;
  return peer.differs + "; ours takes f32 as it is";
}

}  // namespace

bool is_reached(const Bar& bar) { return bar.reached >= 1; }

std::vector<Bar> bars(const Run& run) {
  std::vector<Bar> all;
  for (const Record& ours : run.records) {
    if (ours.peer || !is_measured(ours)) continue;
    const auto of_memory = [&](double bar, double got, const char* what) {
      if (bar > 0) all.push_back({&ours, fmt::format("{:.0f} % of {}", 100 * bar, what), got / bar, ""});
    };
    of_memory(ours.bar, ours.share_of_copy.median, "memcpy");
    of_memory(ours.read_bar, share_of_read(ours), "plain reading");
    if (ours.kind != "linear" && ours.kind != "int8 linear") continue;
    for (const Record& peer : run.records) {
      if (!peer.peer || !is_measured(peer) || peer.threads != ours.threads || sizes_of(peer) != sizes_of(ours))
        continue;
      all.push_back({&ours, peer.impl, share(peer.seconds.median, ours.seconds.median), why_faster(ours, peer)});
    }
  }
  return all;
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
  const std::vector<Bar> held = bars(run);
  const auto reached = static_cast<std::int64_t>(std::ranges::count_if(held, is_reached));
  std::string text = measured == 0 ? "Nothing measured" : thousands(measured) + " measured";
  if (failed > 0) text += ", " + thousands(failed) + " failed";
  if (!held.empty())
    text += fmt::format("; {} of {} bars are reached", thousands(reached), thousands(std::ssize(held)));
  if (run.info.interrupted)
    text += "; cut short at " + thousands(static_cast<std::int64_t>(run.records.size())) + " of " +
            thousands(run.info.planned);
  return text;
}

}  // namespace plumb::bench
