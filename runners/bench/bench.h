// Measuring implementations through the C ABI, in this process, beside what the machine can do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reports/bench/record.h"
#include "runners/bench/cases.h"
#include "runners/check.h"

namespace plumb::bench {

/// How a benchmark is carried out.
struct BenchOptions {
  std::vector<int> threads;  ///< Each case is measured with each of these numbers of threads.
  double min_seconds = 0.2;  ///< How long each case is sampled, at least (and at least five times).
  std::string command;       ///< For the report.
  /// Asked after each measured linear case for records of others that do the same; empty = nobody.
  std::function<std::vector<Record>(const Extents&, const Record&)> peers = {};
  std::function<bool()> should_stop = [] { return false; };
  std::function<void(const Record&)> on_record = [](const Record&) {};
};

/// Something that is measured in turn with others: calling it does `amount` of work.
struct Gauge {
  std::function<void()> work;
  double amount = 0;                 ///< Bytes or operations of one call.
  std::vector<double> seconds = {};  ///< Of one call, a sample a round.
};

/// Warms all gauges up, then samples them in turn until the first has been sampled for `min_seconds` in all, five times
/// at least: what disturbs the machine for a while disturbs all of them. A sample is as many calls as take a
/// millisecond. Ends early, with fewer samples, once `should_stop`.
void measure_in_turn(std::vector<Gauge>& gauges, double min_seconds, const std::function<bool()>& should_stop);

/// Measures every case with every subject that implements its operator. Cases that an implementation refuses, does not
/// support or cannot run here have a reason instead of a measurement.
[[nodiscard]] Run run_bench(const std::vector<BenchCase>& cases, const std::vector<Subject>& subjects,
                            const BenchOptions& options);

}  // namespace plumb::bench
