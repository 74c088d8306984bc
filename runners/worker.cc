#include "runners/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reference/error.h"
#include "reports/json.h"
#include "runners/judge_step.h"
#include "runners/memory_limit.h"
#include "runners/pipe.h"

namespace plumb {
namespace {

using Clock = std::chrono::steady_clock;

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{} ({})", name, strsignal(signal));
}

// The signal that a dead worker caught, or else what the system says that it ended with.
std::string describe_end(int status, const Crash& crash) {
  if (crash.signal != 0) return "ended its process with " + signal_text(crash.signal);
  if (WIFSIGNALED(status)) return "ended its process with " + signal_text(WTERMSIG(status));
  return fmt::format("ended its process with exit code {}", WEXITSTATUS(status));
}

// What else can be said of the end: what was touched; or why nothing was caught of a signal that is.
std::string explain_end(int status, const Crash& crash) {
  if (crash.signal != 0) return describe(crash);
  if (!WIFSIGNALED(status)) return "";
  if (WTERMSIG(status) == SIGSEGV) {
    return "no handler could run: most likely a thread that it started overflowed its stack";
  }
  return WTERMSIG(status) == SIGKILL ? "the system does that when memory runs out" : "";
}

bool say(int fd, std::string_view word) {
  const std::string line = std::string(word) + "\n";
  return write_fully(fd, line.data(), line.size());
}

// Looking at it costs more than a small step; a step that went wrong may have kept what it took.
bool should_retire(std::size_t steps_done, const Record& record) {
  constexpr std::size_t kLookEvery = 32;
  return (is_wrong(record.outcome) || steps_done % kLookEvery == 0) && is_memory_used_up();
}

// The worker's life: read a place, make the question, judge from there to the unit's end, one line for each record.
[[noreturn]] void serve(const std::vector<Unit>& units, BlackBox& box, std::int64_t memory_bytes, int requests,
                        int replies) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // These are for the parent, which tells the workers to end by closing the pipe.
  for (const int for_parent : {SIGINT, SIGTERM}) signal(for_parent, SIG_IGN);
  dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout carries the report; what a kernel prints does not belong there.
  box.install();
  limit_memory(memory_bytes);
  Place place{};
  std::size_t steps_done = 0;
  while (read_fully(requests, &place, sizeof place)) {
    const Unit& unit = units[place.unit];
    const std::string obstacle = begin(unit);
    if (!say(replies, kReady)) _exit(0);
    for (std::size_t s = place.step; s < unit.steps.size(); ++s) {
      box.set_judging(true);
      const Record record = judge_or_excuse(unit.steps[s], obstacle);
      box.set_judging(false);
      if (!say(replies, record_to_line(record))) _exit(0);
      if (should_retire(++steps_done, record)) {
        (void)say(replies, kRetire);
        _exit(0);
      }
    }
    if (unit.finish) unit.finish();
  }
  _exit(0);
}

}  // namespace

Worker::Worker(const std::vector<Unit>& units, std::int64_t memory_bytes, const std::vector<int>& foreign_fds)
    : units_(units) {
  Pipe requests, replies;
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw Error(fmt::format("cannot start a worker process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    for (const int fd : foreign_fds) close(fd);  // else another worker would never see its pipe closed
    requests.close_write();
    replies.close_read();
    serve(units, box_, memory_bytes, requests.read_end(), replies.write_end());
  }
  request_fd_ = requests.release_write();
  reply_fd_ = replies.release_read();
}

Worker::~Worker() {
  close(request_fd_);
  close(reply_fd_);
  if (pid_ > 0) {
    // Nothing that it could still say is wanted.
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void Worker::start(Place place) {
  place_ = place;
  step_began_.reset();
  // If the worker is dead already, its closed reply pipe tells.
  (void)write_fully(request_fd_, &place, sizeof place);
}

Clock::duration Worker::step_time() const {
  return step_began_ ? Clock::now() - *step_began_ : Clock::duration::zero();
}

void Worker::set_ready() { step_began_ = Clock::now(); }

void Worker::advance() {
  step_began_ = Clock::now();
  if (++place_->step == units_[place_->unit].steps.size()) place_.reset();
}

std::optional<std::string> Worker::next_line(bool readable, bool* closed) {
  if (readable) {
    char chunk[4096];
    const ssize_t count = read(reply_fd_, chunk, sizeof chunk);
    if (count <= 0) {
      *closed = true;
    } else {
      buffer_.append(chunk, static_cast<std::size_t>(count));
    }
  }
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::string Worker::during_what() const {
  const std::string activity = box_.activity();
  return activity.empty() ? "" : " in " + activity;
}

// One that closed its pipe but lives on is ended by the destructor.
std::string Worker::how_it_ended() {
  int status = 0;
  for (int tries = 0; tries < 200; ++tries) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      const std::string why = explain_end(status, box_.crash());
      return describe_end(status, box_.crash()) + during_what() + (why.empty() ? "" : ": " + why);
    }
    usleep(5000);
  }
  return "closed plumbline's pipe" + during_what();
}

}  // namespace plumb
