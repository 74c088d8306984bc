// Sharing the rows of a tensor between threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "impls/cpu/parallel.h"

namespace plumb::cpu {

/// Calls body(first, last) for ranges of rows that cover [0, rows) exactly once. Threads share whole chunks of some
/// 64 KiB, so that none has so little to do that starting it costs more. `body` must not throw.
template <typename Body>
void for_row_chunks(std::int64_t rows, std::int64_t row_bytes, int threads, const Body& body) {
  constexpr std::int64_t kChunkBytes = 1 << 16;
  const std::int64_t chunk = std::max<std::int64_t>(kChunkBytes / std::max<std::int64_t>(row_bytes, 1), 1);
  parallel_ranges((rows + chunk - 1) / chunk, threads,
                  [&](std::int64_t first, std::int64_t last) { body(first * chunk, std::min(last * chunk, rows)); });
}

}  // namespace plumb::cpu
