// One worker process, and what its parent knows of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runners/black_box.h"
#include "runners/sandbox.h"

namespace plumb {

/// A step's place: which unit, which step of it.
struct Place {
  std::size_t unit, step;
  bool operator==(const Place&) const = default;
};

/// What a worker says, beside records, a line each: the unit's question is made and the steps begin; it has so little
/// memory left that another should go on.
inline constexpr std::string_view kReady = "ready", kRetire = "retire";

/// A forked process that judges the units it is told to, step by step, and answers with a line for each.
class Worker {
 public:
  /// `foreign_fds` are the parent's ends of other workers' pipes, which the child must not hold open.
  Worker(const std::vector<Unit>& units, std::int64_t memory_bytes, const std::vector<int>& foreign_fds);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Ends the process: it has nothing left to do, or is stuck in a kernel.
  ~Worker();

  /// Has it judge a unit from one of its steps on.
  void start(Place place);
  [[nodiscard]] bool busy() const { return place_.has_value(); }
  [[nodiscard]] int reply_fd() const { return reply_fd_; }
  [[nodiscard]] std::vector<int> fds() const { return {request_fd_, reply_fd_}; }
  [[nodiscard]] Place place() const { return *place_; }
  [[nodiscard]] const Step& step() const { return units_[place_->unit].steps[place_->step]; }
  /// How long the step has taken; nothing while the question is being made.
  [[nodiscard]] std::chrono::steady_clock::duration step_time() const;

  /// The first step begins.
  void set_ready();
  /// Moves on to the next step of the unit; idle after the last.
  void advance();
  /// Next complete line that has arrived, if any. *closed is set at the end of the pipe.
  [[nodiscard]] std::optional<std::string> next_line(bool readable, bool* closed);

  /// Whether it was judging a step when last heard of.
  [[nodiscard]] bool was_judging() const { return box_.is_judging(); }
  /// " in run with 3 threads"; empty outside of the implementation.
  [[nodiscard]] std::string during_what() const;
  /// Waits for a process whose pipe has closed, and says how it ended and why: "ended its process with SIGSEGV …".
  [[nodiscard]] std::string how_it_ended();

 private:
  const std::vector<Unit>& units_;
  BlackBox box_;
  pid_t pid_ = -1;
  int request_fd_ = -1, reply_fd_ = -1;
  std::optional<Place> place_;
  std::optional<std::chrono::steady_clock::time_point> step_began_;
  std::string buffer_;
};

}  // namespace plumb
