// Numbered pieces of work, taken by several threads in their order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "impls/cpu/parallel.h"

namespace plumb {

/// How threads share work.
struct WorkOptions {
  int threads = 1;
  std::function<void(std::int64_t done)> on_progress = {};  ///< Called on the caller's thread, as is should_stop.
  std::function<bool()> should_stop = {};
  /// Whether the threads of kernels help, which stay for the next call, instead of new ones. Bodies then call none.
  bool keeps_threads = false;
};

/// Calls body(piece) for 0 … pieces - 1, each once. If one throws, no later piece is begun but all earlier ones are
/// done, and the exception of the earliest is thrown here. Returns false if should_stop ended it.
template <typename Body>
[[nodiscard]] bool share_work(std::int64_t pieces, const WorkOptions& options, const Body& body) {
  std::atomic<std::int64_t> next{0}, done{0}, end{pieces};
  std::atomic<bool> stopped{false};
  std::mutex failing;
  std::exception_ptr failure;
  const auto fail = [&](std::int64_t piece) {
    const std::lock_guard lock(failing);
    if (piece >= end) return;
    end = piece;
    failure = std::current_exception();
  };
  const auto work = [&](bool is_caller) {
    while (!stopped) {
      if (is_caller && options.should_stop && options.should_stop()) stopped = true;
      const std::int64_t piece = next++;
      if (stopped || piece >= end) return;
      try {
        body(piece);
      } catch (...) {
        fail(piece);
      }
      ++done;
      if (is_caller && options.on_progress) options.on_progress(done);
    }
  };
  const auto helpers =
      static_cast<int>(std::clamp<std::int64_t>(options.threads, 1, std::max<std::int64_t>(1, pieces)));
  if (options.keeps_threads) {
    std::exception_ptr callers;  // of progress or should_stop: no exception may leave a thread
    cpu::parallel_ranges(helpers, helpers, [&](std::int64_t first, std::int64_t last) {
      try {
        for (std::int64_t i = first; i < last; ++i) work(i == 0);
      } catch (...) {
        stopped = true;
        callers = std::current_exception();
      }
    });
    if (callers) std::rethrow_exception(callers);
  } else {
    std::vector<std::jthread> others;
    for (int i = 1; i < helpers; ++i) {
      try {
        others.emplace_back(work, false);
      } catch (const std::system_error&) {
        break;  // the threads that there are do it all
      }
    }
    work(true);
  }
  if (failure) std::rethrow_exception(failure);
  return !stopped;
}

}  // namespace plumb
