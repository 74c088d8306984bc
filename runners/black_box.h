// What a worker process leaves behind when it dies: which call it was in, and what it touched. The worker writes it
// into memory that it shares with the parent, the last of it in a signal handler.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runners/guarded_pages.h"

namespace plumb {

/// How memory was touched by the instruction that a signal came from.
enum class Touch : int { unknown, read, write, fetch };

/// Facts about a fatal signal, as a signal handler can collect them.
struct Crash {
  int signal = 0;  ///< 0: none was caught.
  Touch touch = Touch::unknown;
  std::uintptr_t address = 0;
  bool unsaid = false;  ///< The processor did not say which address it was.
  bool sent = false;    ///< By kill(), raise() or abort(): no instruction did it.
  bool stack_overflow = false;
  bool near_block = false;  ///< The following say which block the address is in or next to.
  std::array<char, 64> block{};
  std::int64_t offset = 0, size_bytes = 0;
  Access access = Access::all;
};

/// "it read 4 bytes past the end of scales", "it overflowed its stack"; empty if nothing is known. The N-th byte
/// behind a block is N bytes past its end, and likewise before its start.
[[nodiscard]] std::string describe(const Crash& crash);

/// Shared by a worker with its parent, who makes it before the fork. Everything in it is without pointers.
class BlackBox {
 public:
  BlackBox();
  ~BlackBox();
  BlackBox(const BlackBox&) = delete;
  BlackBox& operator=(const BlackBox&) = delete;

  /// To be called in the worker, once: fatal signals are recorded from here on, before they take their usual effect.
  void install();
  /// Whether a step is being judged (or else a question made, or nothing at all).
  void set_judging(bool judging);
  [[nodiscard]] bool is_judging() const;
  /// The call of an implementation that is under way: "run with 3 threads"; empty if none is.
  [[nodiscard]] std::string activity() const;
  [[nodiscard]] Crash crash() const;

  struct Content;

 private:
  Content* content_;
};

/// Says in the black box of this process, if it has one, which call of an implementation is under way, while it lives.
class Activity {
 public:
  explicit Activity(std::string_view what);
  ~Activity();
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;
};

/// What is tried on the implementation, for the activities of a while: "scales one row short".
class Attempt {
 public:
  explicit Attempt(std::string_view what);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
};

}  // namespace plumb
