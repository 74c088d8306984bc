#include "runners/sandbox.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "reports/json.h"
#include "runners/judge_step.h"
#include "runners/memory_limit.h"
#include "runners/worker.h"

namespace plumb {
namespace {

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
    memory_bytes_ = options_.memory_bytes;
    if (memory_bytes_ <= 0 && count > 0) memory_bytes_ = free_memory_bytes() / static_cast<std::int64_t>(count);
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
    return std::make_unique<Worker>(units_, memory_bytes_, fds);
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
      if (*line == kReady) {
        worker.set_ready();
        continue;
      }
      if (*line == kRetire) return continue_with_another(i, worker.place());
      const Place place = worker.place();
      worker.advance();
      deliver(place, record_from_line(*line));
      if (!worker.busy()) return;
    }
    if (closed) {
      bury(i);
    } else if (worker.step_time() > options_.step_limit) {
      const std::string limit = fmt::format("did not return within {} ms", options_.step_limit.count());
      replace(i, Record(Outcome::hang, limit + worker.during_what()));
    }
  }

  // One that dies between steps was killed by nothing it was asked to do: by what it did before, or by making the
  // question. Another tries once more.
  void bury(std::size_t i) {
    Worker& dead = *workers_[i];
    const bool judging = dead.was_judging();
    const Place place = dead.place();
    const std::string end = dead.how_it_ended();
    if (judging) return replace(i, Record(Outcome::crash, end));
    if (!tried_again_.emplace(place.unit, place.step).second)
      return replace(i, not_judged("the worker process " + end));
    fmt::print(stderr, "plumb: before {}, a worker process {}\n", dead.step().case_name, end);
    continue_with_another(i, place);
  }

  void continue_with_another(std::size_t i, Place place) {
    workers_[i].reset();
    workers_[i] = make_worker();
    workers_[i]->start(place);
  }

  // The worker is lost with the step it was in; a new one continues behind it.
  void replace(std::size_t i, Record record) {
    Worker& lost = *workers_[i];
    const Place place = lost.place();
    deliver(place, identify(std::move(record), lost.step()));
    lost.advance();
    if (lost.busy()) return continue_with_another(i, {place.unit, place.step + 1});
    workers_[i].reset();
    workers_[i] = make_worker();
  }

  const std::vector<Unit>& units_;
  const SandboxOptions& options_;
  std::vector<std::vector<std::optional<Record>>> results_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_unit_ = 0;
  std::int64_t memory_bytes_ = 0;
  std::set<std::pair<std::size_t, std::size_t>> tried_again_;  // units and steps
};

}  // namespace

std::vector<Record> work_through(const std::vector<Unit>& units, const SandboxOptions& options) {
  return Sandbox(units, options).run();
}

}  // namespace plumb
