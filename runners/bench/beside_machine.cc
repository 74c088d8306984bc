#include "runners/bench/beside_machine.h"

#include <algorithm>

#include "impls/cpu/peaks.h"
#include "runners/bench/statistics.h"

namespace plumb::bench {
namespace {

constexpr std::int64_t kMultiplyRounds = 20000;
constexpr std::byte kFill{0x5A};

double rate(const Gauge& gauge) {
  const double seconds = spread_of(gauge.seconds).median;
  return seconds > 0 ? gauge.amount / seconds : 0;
}

enum Place : std::size_t { kCase, kCopy, kRead, kMultiply };

std::vector<Gauge> gauges_for(const Record& record, Footprint& memory, std::function<void()> work) {
  const int threads = record.threads;
  std::vector<Gauge> gauges(record.operations > 0 ? 4 : 3);
  gauges[kCase] = {std::move(work), static_cast<double>(record.moved_bytes + record.checking_bytes)};
  gauges[kCopy] = {[&memory, threads] { cpu::copy_memory(memory.from.bytes(), memory.to.bytes(), threads); },
                   2 * static_cast<double>(memory.from.bytes().size())};
  gauges[kRead] = {[&memory, threads] {
                     const volatile std::uint64_t sum =
                         cpu::read_memory(memory.from.bytes(), threads) + cpu::read_memory(memory.to.bytes(), threads);
                     (void)sum;
                   },
                   2 * static_cast<double>(memory.from.bytes().size())};
  if (gauges.size() > kMultiply) {
    const auto operations = static_cast<double>(cpu::multiply_and_add(kMultiplyRounds, threads));
    gauges[kMultiply] = {[threads] { (void)cpu::multiply_and_add(kMultiplyRounds, threads); }, operations};
  }
  return gauges;
}

void take_down(const std::vector<Gauge>& gauges, Record& record) {
  const Gauge &work = gauges[kCase], &copy = gauges[kCopy];
  record.samples = std::ssize(work.seconds);
  record.seconds = spread_of(work.seconds);
  std::vector<double> shares = ratios(copy.seconds, work.seconds);
  for (double& share : shares) share *= copy.amount > 0 ? work.amount / copy.amount : 0;
  record.share_of_copy = spread_of(shares);
  record.copy_seconds = spread_of(copy.seconds);
  record.read_rate = rate(gauges[kRead]);
  if (gauges.size() > kMultiply) record.operation_rate = rate(gauges[kMultiply]);
}

}  // namespace

Footprint::Footprint(std::int64_t moved_bytes) : from(moved_bytes / 2), to(moved_bytes / 2) {
  std::ranges::fill(from.bytes(), kFill);
}

void measure_beside_machine(Footprint& memory, std::function<void()> work, const BenchOptions& options,
                            Record& record) {
  std::vector<Gauge> gauges = gauges_for(record, memory, std::move(work));
  measure_in_turn(gauges, options.min_seconds, options.should_stop);
  take_down(gauges, record);
  if (record.samples == 0) record.reason = "cut short";
}

}  // namespace plumb::bench
