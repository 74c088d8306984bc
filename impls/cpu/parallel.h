// Splitting work over threads so that no piece overlaps another, and none is lost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

namespace plumb::cpu {

/// First item of piece `i` of `pieces` that share `count` items; piece i ends where piece i + 1 begins.
[[nodiscard]] constexpr std::int64_t piece_start(std::int64_t count, std::int64_t pieces, std::int64_t i) {
  return count * i / pieces;
}

/// A function of a piece's number that lives at the caller's.
struct PieceBody {
  void (*call)(const void* body, std::int64_t piece);
  const void* body;
};

/// Runs piece 0 on the caller's thread and each other one on a thread of its own, all at the same time; returns when
/// all have ended. Threads stay for the next call, as many as the machine has cores: starting one takes as long as a
/// short kernel runs. The caller runs those for which the system gives no thread, as a call that has begun to write its
/// output cannot fail any more; and all of them while another thread of the process is in here, or a piece asks. A
/// process that forks has no threads of ours at that moment.
void run_pieces(std::int64_t pieces, const PieceBody& body);

/// Calls body(first, last) for ranges that cover [0, count) exactly once, min(threads, count) of them, as `run_pieces`
/// does. `body` must not throw.
template <typename Body>
void parallel_ranges(std::int64_t count, int threads, const Body& body) {
  const std::int64_t pieces = std::min<std::int64_t>(threads, count);
  if (pieces <= 1) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  const auto piece = [&body, count, pieces](std::int64_t i) {
    body(piece_start(count, pieces, i), piece_start(count, pieces, i + 1));
  };
  using Piece = decltype(piece);
  run_pieces(pieces,
             {[](const void* one, std::int64_t i) { (*static_cast<const Piece*>(one))(i); }, std::addressof(piece)});
}

}  // namespace plumb::cpu
