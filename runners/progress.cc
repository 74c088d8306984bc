#include "runners/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace plumb {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

Progress::Progress(std::int64_t planned)
    : planned_(planned), terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), next_(start_ + seconds(2)) {}

void Progress::add(const Record& record) {
  ++done_;
  wrong_ += is_wrong(record.outcome) ? 1 : 0;
  if (Clock::now() < next_) return;
  show();
  next_ = Clock::now() + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000));
}

void Progress::show() {
  const double elapsed = seconds_since(start_);
  const double share = planned_ > 0 ? static_cast<double>(done_) / static_cast<double>(planned_) : 1;
  fmt::print(stderr, "{}{:3.0f} %  {} of {} cases, {} wrong, {:.0f} s{}", terminal_ ? "\r" : "", 100 * share, done_,
             planned_, wrong_, elapsed, terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

double Progress::finish() {
  if (shown_ && terminal_) fmt::print(stderr, "\r\x1b[K");
  return seconds_since(start_);
}

}  // namespace plumb
