// Measuring one thing in turn with what this machine can do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "reports/bench/record.h"
#include "runners/aligned_bytes.h"
#include "runners/bench/bench.h"

namespace plumb::bench {

/// Memory as large as what a case moves, to be copied and read.
struct Footprint {
  explicit Footprint(std::int64_t moved_bytes);
  AlignedBytes from, to;
};

/// Samples `work`, which `record` describes (threads, moved bytes, operations), in turn with memcpy, plain reading and,
/// if it does operations, multiply-and-add; and takes all of it down in the record. Its reason is "cut short" if
/// nothing was sampled.
void measure_beside_machine(Footprint& memory, std::function<void()> work, const BenchOptions& options, Record& record);

}  // namespace plumb::bench
