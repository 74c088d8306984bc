#include "reports/bench/columns.h"

#include <fmt/format.h>

namespace plumb::bench {
namespace {

std::string giga(double rate) { return fmt::format("{:.2f}", rate / 1e9); }
std::string percent(double share) { return fmt::format("{:.0f}", 100 * share); }
std::string or_dash(const Record& record, bool known, const std::string& text) {
  return is_measured(record) && known ? text : "-";
}

// Half the distance between the quartiles, relative to the median.
std::string relative_spread(const Spread& spread) {
  return fmt::format("{:.1f}", spread.median > 0 ? 50 * (spread.high - spread.low) / spread.median : 0);
}

std::string remark(const Record& record) {
  if (!is_measured(record)) return record.reason;
  if (standing(record) == Standing::none) return "";
  const bool of_read = record.bar <= 0;
  return fmt::format("{} {} %{}", standing(record) == Standing::reached ? "reaches" : "MISSES",
                     percent(of_read ? record.read_bar : record.bar), of_read ? " of read" : "");
}

constexpr Column kColumns[] = {
    {"case", "", [](const Record& r) { return r.case_name; }},
    {"implementation", "", [](const Record& r) { return r.impl; }},
    {"threads", "", [](const Record& r) { return fmt::format("{}", r.threads); }},
    {"ms", "median time of one call",
     [](const Record& r) { return or_dash(r, true, fmt::format("{:.3f}", 1e3 * r.seconds.median)); }},
    {"+-%", "half the distance between the quartiles of that time",
     [](const Record& r) { return or_dash(r, true, relative_spread(r.seconds)); }},
    {"GB/s", "bytes moved: every input read once, every output written once",
     [](const Record& r) { return or_dash(r, true, giga(moved_rate(r))); }},
    {"copy",
     "GB/s that memcpy moves over the same footprint with the same threads (it moves 2n bytes to copy n), "
     "measured in turn with the case",
     [](const Record& r) { return or_dash(r, copy_rate(r) > 0, giga(copy_rate(r))); }},
    {"x",
     "how many times those bytes are moved, of necessity: a call that refuses codes outside their limits leaves "
     "outputs as they were, so it may not write before all codes are known to be legal. It reads those inputs twice, "
     "or "
     "it sets aside what outputs held (reads and writes it); the lesser of the two is counted",
     [](const Record& r) { return or_dash(r, checks_matter(r), fmt::format("{:.2f}", needed_factor(r))); }},
    {"%copy",
     "bytes moved per second, times x where that is there, as a share of memcpy's, median over the pairs of samples",
     [](const Record& r) { return or_dash(r, r.share_of_copy.median > 0, percent(r.share_of_copy.median)); }},
    {"%best", "the same of the fastest call and the fastest memcpy: what a machine that others use too disturbs least",
     [](const Record& r) { return or_dash(r, share_of_copy_at_best(r) > 0, percent(share_of_copy_at_best(r))); }},
    {"%read", "bytes moved per second, times x, as a share of what plain reading of the same footprint takes in",
     [](const Record& r) { return or_dash(r, r.read_rate > 0, percent(share_of_read(r))); }},
    {"weight GB/s", "bytes of packed weight and scales per second",
     [](const Record& r) { return or_dash(r, r.weight_bytes > 0, giga(weight_rate(r))); }},
    {"GFLOP/s", "multiplications and additions of the definition",
     [](const Record& r) { return or_dash(r, r.operations > 0, giga(operations_per_second(r))); }},
    {"%FMA", "those as a share of f32 multiply-and-add in registers",
     [](const Record& r) { return or_dash(r, r.operation_rate > 0, percent(share_of_operations(r))); }},
    {"%roof", "share of the roofline: the larger of %read and %FMA",
     [](const Record& r) { return or_dash(r, r.read_rate > 0, percent(share_of_roof(r))); }},
    {"", "", remark},
};

}  // namespace

std::span<const Column> columns() { return kColumns; }

}  // namespace plumb::bench
