#include "impls/cpu/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace plumb::cpu {
namespace {

std::int64_t cores() {
  static const std::int64_t count = std::max(1U, std::thread::hardware_concurrency());
  return count;
}

// Waking a thread that sleeps takes tens of microseconds; kernels that are called one after the other need not wait for
// that. Not for long, as somebody else may need the core; and not at all with more threads than cores, as those that
// work need them.
template <typename Condition>
void look_for(std::int64_t pieces, const Condition& holds) {
  if (pieces > cores()) return;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  while (!holds() && std::chrono::steady_clock::now() < until) continue;
}

// Threads that take one piece each.
class Crew {
 public:
  void run(std::int64_t pieces, const PieceBody& body) {
    grow(static_cast<std::size_t>(pieces - 1));
    const auto helped = std::min<std::int64_t>(pieces, static_cast<std::int64_t>(workers_.size()) + 1);
    at_work_.store(static_cast<int>(helped - 1), std::memory_order_relaxed);
    for (std::int64_t i = 1; i < helped; ++i) workers_[static_cast<std::size_t>(i - 1)]->give(body);
    body.call(body.body, 0);
    for (std::int64_t i = helped; i < pieces; ++i) body.call(body.body, i);
    wait_for_all(pieces);
    if (std::ssize(workers_) >= cores()) workers_.resize(static_cast<std::size_t>(cores() - 1));
  }

  void send_home() { workers_.clear(); }

 private:
  class Worker {
   public:
    Worker(std::int64_t piece, std::atomic<int>& at_work) : piece_(piece), at_work_(at_work) {
      thread_ = std::thread([this] { serve(); });
    }
    ~Worker() {
      give({});
      thread_.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void give(const PieceBody& body) {
      body_ = body;
      has_work_.store(true, std::memory_order_release);
      has_work_.notify_one();
    }

   private:
    void serve() {
      while (true) {
        look_for(piece_ + 1, [this] { return has_work_.load(std::memory_order_relaxed); });
        has_work_.wait(false, std::memory_order_acquire);
        const PieceBody body = body_;
        if (body.call == nullptr) return;
        body.call(body.body, piece_);
        has_work_.store(false, std::memory_order_relaxed);
        if (at_work_.fetch_sub(1, std::memory_order_acq_rel) == 1) at_work_.notify_one();
      }
    }

    std::int64_t piece_;
    std::atomic<int>& at_work_;
    PieceBody body_ = {};  ///< No function: go home.
    std::atomic<bool> has_work_ = false;
    std::thread thread_;
  };

  void grow(std::size_t wanted) {
    try {
      while (workers_.size() < wanted) {
        workers_.push_back(std::make_unique<Worker>(static_cast<std::int64_t>(workers_.size()) + 1, at_work_));
      }
    } catch (const std::exception&) {
      return;  // the caller does what nobody else can
    }
  }

  void wait_for_all(std::int64_t pieces) {
    look_for(pieces, [this] { return at_work_.load(std::memory_order_relaxed) == 0; });
    for (int left = at_work_.load(std::memory_order_acquire); left != 0;
         left = at_work_.load(std::memory_order_acquire)) {
      at_work_.wait(left, std::memory_order_acquire);
    }
  }

  std::atomic<int> at_work_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
};

// Never destroyed: kernels may still run while the process ends.
struct Shared {
  Shared() {
    pthread_atfork([] { before_fork(); }, [] { shared().mutex.unlock(); }, [] { shared().mutex.unlock(); });
  }
  static Shared& shared() {
    static Shared* const one = new Shared;
    return *one;
  }
  static void before_fork() {
    shared().mutex.lock();
    shared().crew.send_home();
  }
  std::mutex mutex;
  Crew crew;
};

}  // namespace

void run_pieces(std::int64_t pieces, const PieceBody& body) {
  thread_local bool is_in_here = false;
  Shared& shared = Shared::shared();
  std::unique_lock lock(shared.mutex, std::defer_lock);
  if (is_in_here || !lock.try_lock()) {
    for (std::int64_t i = 0; i < pieces; ++i) body.call(body.body, i);
    return;
  }
  is_in_here = true;
  shared.crew.run(pieces, body);
  is_in_here = false;
}

}  // namespace plumb::cpu
