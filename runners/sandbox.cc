#include "runners/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "reference/error.h"
#include "reports/json.h"
#include "runners/pipe.h"

namespace plumb {
namespace {

using Clock = std::chrono::steady_clock;

// A step's place: which unit, which step of it.
struct Place {
  std::size_t unit, step;
};

Record identify(Record record, const Step& step) {
  record.op = step.op;
  record.impl = step.impl;
  record.case_name = step.case_name;
  record.again = step.again;
  return record;
}

Record not_judged(const std::string& obstacle) {
  return Record(Outcome::vacuous, fmt::format("not judged: plumb itself failed: {}", obstacle));
}

Record judge_step(const Step& step) {
  try {
    return identify(step.judge(), step);
  } catch (const Error& error) {
    return identify(Record(Outcome::fail, error.what()), step);
  } catch (const std::exception& error) {
    return identify(not_judged(error.what()), step);
  }
}

// Why the unit cannot be judged; empty if it can.
std::string begin(const Unit& unit) {
  try {
    if (unit.begin) unit.begin();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

Record judge_or_excuse(const Step& step, const std::string& obstacle) {
  return obstacle.empty() ? judge_step(step) : identify(not_judged(obstacle), step);
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("ended its process with SIG{} ({})", sigabbrev_np(WTERMSIG(status)),
                       strsignal(WTERMSIG(status)));
  }
  return fmt::format("ended its process with exit code {}", WEXITSTATUS(status));
}

// What a worker says once the unit's question is made and the steps begin.
constexpr std::string_view kReady = "ready\n";

// The worker's life: read a place, make the question, judge from there to the unit's end, one line for each record.
[[noreturn]] void serve(const std::vector<Unit>& units, int requests, int replies) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_IGN);             // Ctrl-C is for the parent, which tells the workers to end by closing the pipe.
  dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout carries the report; what a kernel prints does not belong there.
  Place place{};
  while (read_fully(requests, &place, sizeof place)) {
    const Unit& unit = units[place.unit];
    const std::string obstacle = begin(unit);
    if (!write_fully(replies, kReady.data(), kReady.size())) _exit(0);
    for (std::size_t s = place.step; s < unit.steps.size(); ++s) {
      const std::string line = record_to_line(judge_or_excuse(unit.steps[s], obstacle)) + "\n";
      if (!write_fully(replies, line.data(), line.size())) _exit(0);
    }
    if (unit.finish) unit.finish();
  }
  _exit(0);
}

class Worker {
 public:
  Worker(const std::vector<Unit>& units, const std::vector<int>& foreign_fds) : units_(units) {
    Pipe requests, replies;
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw Error(fmt::format("cannot start a worker process: {}", std::strerror(errno)));
    if (pid_ == 0) {
      for (const int fd : foreign_fds) close(fd);  // else another worker would never see its pipe closed
      requests.close_write();
      replies.close_read();
      serve(units, requests.read_end(), replies.write_end());
    }
    request_fd_ = requests.release_write();
    reply_fd_ = replies.release_read();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  ~Worker() {
    close(request_fd_);
    close(reply_fd_);
    if (pid_ > 0) {
      // It has nothing left to do, or is stuck in a kernel; either way nothing it could still say is wanted.
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void start(Place place) {
    place_ = place;
    step_began_.reset();
    // If the worker is dead already, its closed reply pipe tells.
    (void)write_fully(request_fd_, &place, sizeof place);
  }

  [[nodiscard]] bool busy() const { return place_.has_value(); }
  [[nodiscard]] int reply_fd() const { return reply_fd_; }
  [[nodiscard]] std::vector<int> fds() const { return {request_fd_, reply_fd_}; }
  [[nodiscard]] Place place() const { return *place_; }
  /// How long the step has taken; nothing while the question is being made.
  [[nodiscard]] Clock::duration step_time() const {
    return step_began_ ? Clock::now() - *step_began_ : Clock::duration::zero();
  }
  [[nodiscard]] const Step& step() const { return units_[place_->unit].steps[place_->step]; }

  // The first step begins.
  void set_ready() { step_began_ = Clock::now(); }

  // Moves on to the next step of the unit; idle after the last.
  void advance() {
    step_began_ = Clock::now();
    if (++place_->step == units_[place_->unit].steps.size()) place_.reset();
  }

  // Next complete line that has arrived, if any. *closed is set at the end of the pipe.
  std::optional<std::string> next_line(bool readable, bool* closed) {
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

  // Waits for a process whose pipe has closed. One that closed its pipe but lives on is ended.
  [[nodiscard]] std::string how_it_ended() {
    int status = 0;
    for (int tries = 0; tries < 200; ++tries) {
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return describe_status(status);
      }
      usleep(5000);
    }
    return "closed plumbline's pipe";
  }

 private:
  const std::vector<Unit>& units_;
  pid_t pid_ = -1;
  int request_fd_ = -1, reply_fd_ = -1;
  std::optional<Place> place_;
  std::optional<Clock::time_point> step_began_;
  std::string buffer_;
};

class Sandbox {
 public:
  Sandbox(const std::vector<Unit>& units, const SandboxOptions& options) : units_(units), options_(options) {
    for (const Unit& unit : units) results_.emplace_back(unit.steps.size());
  }

  std::vector<Record> run() {
    if (options_.workers <= 0) {
      run_here();
    } else {
      run_workers();
    }
    std::vector<Record> records;
    for (auto& unit : results_) {
      for (auto& record : unit) {
        if (record) records.push_back(std::move(*record));
      }
    }
    return records;
  }

 private:
  [[nodiscard]] bool stop() const { return options_.should_stop && options_.should_stop(); }

  void deliver(Place place, Record record) {
    if (options_.on_record) options_.on_record(record);
    results_[place.unit][place.step] = std::move(record);
  }

  void run_here() {
    for (std::size_t u = 0; u < units_.size(); ++u) {
      const std::string obstacle = begin(units_[u]);
      for (std::size_t s = 0; s < units_[u].steps.size() && !stop(); ++s) {
        deliver({u, s}, judge_or_excuse(units_[u].steps[s], obstacle));
      }
      if (units_[u].finish) units_[u].finish();
    }
  }

  void run_workers() {
    // A worker may die between our check and our write.
    const auto previous = signal(SIGPIPE, SIG_IGN);
    const auto count = std::min(static_cast<std::size_t>(options_.workers), units_.size());
    for (std::size_t i = 0; i < count; ++i) workers_.push_back(make_worker());
    while (!stop()) {
      bool any_busy = false;
      for (auto& worker : workers_) {
        if (!worker->busy() && next_unit_ < units_.size()) start_next_unit(*worker);
        any_busy |= worker->busy();
      }
      if (!any_busy) break;
      wait_and_handle();
    }
    workers_.clear();
    signal(SIGPIPE, previous);
  }

  std::unique_ptr<Worker> make_worker() {
    std::vector<int> fds;
    for (const auto& worker : workers_) {
      if (worker == nullptr) continue;
      for (const int fd : worker->fds()) fds.push_back(fd);
    }
    return std::make_unique<Worker>(units_, fds);
  }

  void start_next_unit(Worker& worker) {
    while (next_unit_ < units_.size() && units_[next_unit_].steps.empty()) ++next_unit_;
    if (next_unit_ < units_.size()) worker.start({next_unit_++, 0});
  }

  void wait_and_handle() {
    std::vector<pollfd> fds;
    for (const auto& worker : workers_) fds.push_back({worker->reply_fd(), POLLIN, 0});
    poll(fds.data(), fds.size(), 100);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i]->busy()) handle(i, fds[i].revents != 0);
    }
  }

  void handle(std::size_t i, bool readable) {
    Worker& worker = *workers_[i];
    bool closed = false;
    for (auto line = worker.next_line(readable, &closed); line; line = worker.next_line(false, &closed)) {
      if (*line == kReady.substr(0, kReady.size() - 1)) {
        worker.set_ready();
        continue;
      }
      const Place place = worker.place();
      worker.advance();
      deliver(place, record_from_line(*line));
      if (!worker.busy()) return;
    }
    if (closed) {
      replace(i, Outcome::crash, worker.how_it_ended());
    } else if (worker.step_time() > options_.step_limit) {
      replace(i, Outcome::hang, fmt::format("did not return within {} ms", options_.step_limit.count()));
    }
  }

  // The worker is lost with the step it was in; a new one continues behind it.
  void replace(std::size_t i, Outcome outcome, std::string reason) {
    Worker& lost = *workers_[i];
    const Place place = lost.place();
    deliver(place, identify(Record(outcome, std::move(reason)), lost.step()));
    lost.advance();
    const bool more = lost.busy();
    workers_[i].reset();
    workers_[i] = make_worker();
    if (more) workers_[i]->start({place.unit, place.step + 1});
  }

  const std::vector<Unit>& units_;
  const SandboxOptions& options_;
  std::vector<std::vector<std::optional<Record>>> results_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_unit_ = 0;
};

}  // namespace

std::vector<Record> work_through(const std::vector<Unit>& units, const SandboxOptions& options) {
  return Sandbox(units, options).run();
}

}  // namespace plumb
