// Splitting work over threads so that no piece overlaps another, and none is lost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

namespace plumb::cpu {

/// First item of piece `i` of `pieces` that share `count` items; piece i ends where piece i + 1 begins.
[[nodiscard]] constexpr std::int64_t piece_start(std::int64_t count, std::int64_t pieces, std::int64_t i) {
  return count * i / pieces;
}

/// Calls body(first, last) for ranges that cover [0, count) exactly once, min(threads, count) of them. `body` must not
/// throw. The caller's thread takes the first range, and those for which the system gives no thread: a call that has
/// begun to write its output cannot fail any more.
template <typename Body>
void parallel_ranges(std::int64_t count, int threads, const Body& body) {
  const std::int64_t pieces = std::min<std::int64_t>(threads, count);
  if (pieces <= 1) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<std::size_t>(pieces - 1));
  for (std::int64_t i = 1; i < pieces; ++i) {
    const auto range = [&body, count, pieces, i] {
      body(piece_start(count, pieces, i), piece_start(count, pieces, i + 1));
    };
    try {
      workers.emplace_back(range);
    } catch (const std::exception&) {
      range();
    }
  }
  body(std::int64_t{0}, piece_start(count, pieces, 1));
}

}  // namespace plumb::cpu
