#include "runners/black_box.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "reference/error.h"
#include "reference/sanitized.h"

namespace plumb {

struct BlackBox::Content {
  std::atomic<bool> judging{false}, recording{false}, recorded{false};
  Crash crash;
  std::array<char, 160> activity{}, attempt{};
};

namespace {

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr std::size_t kAlternateStackBytes = std::size_t{128} << 10;
// The system keeps so much free below a stack that grows; an overflow lands there, or in the guard of a thread's stack.
constexpr std::uintptr_t kStackGapBytes = std::uintptr_t{1} << 20;
constexpr rlim_t kLargestStackBytes = rlim_t{64} << 20;

BlackBox::Content* here = nullptr;  // of this process
std::array<struct sigaction, kFatal.size()> previous;
std::uintptr_t stack_low = 0;  // of the thread that called install()

template <std::size_t Size>
void copy_text(std::array<char, Size>& to, std::string_view from) noexcept {
  const std::size_t count = std::min(from.size(), Size - 1);
  std::memcpy(to.data(), from.data(), count);
  to[count] = '\0';
}

Touch touch_of([[maybe_unused]] int signal, [[maybe_unused]] const ucontext_t& context) noexcept {
#if defined(__x86_64__)
  // Intel SDM, volume 3A, section 4.7: bit 1 of a page fault's error code says write, bit 4 instruction fetch.
  if (signal != SIGSEGV && signal != SIGBUS) return Touch::unknown;
  const auto error = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_ERR]);
  return (error & 16) != 0 ? Touch::fetch : (error & 2) != 0 ? Touch::write : Touch::read;
#else
  return Touch::unknown;
#endif
}

// Whether the touched address lies where a stack would have to grow to: below what the first thread's has, or right
// beside the stack pointer of another thread that has an alternate stack to report on.
bool overflowed_stack(std::uintptr_t address, [[maybe_unused]] const ucontext_t& context) noexcept {
  const bool below_first =
      stack_low != 0 && address < stack_low + kStackGapBytes / 16 && address >= stack_low - 2 * kStackGapBytes;
#if defined(__x86_64__)
  const auto pointer = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  const std::uintptr_t distance = address < pointer ? pointer - address : address - pointer;
  return distance < kStackGapBytes / 16 || (below_first && pointer < stack_low + kStackGapBytes);
#else
  return below_first;
#endif
}

void collect(int signal, const siginfo_t& info, const ucontext_t& context, Crash& crash) noexcept {
  crash.signal = signal;
  crash.sent = info.si_code <= 0;
  if (crash.sent || (signal != SIGSEGV && signal != SIGBUS)) return;
  // x86 raises #GP, which has no address: for vectors that must be aligned, and addresses that are none.
  crash.unsaid = info.si_code == SI_KERNEL;
  if (crash.unsaid) return;
  crash.touch = touch_of(signal, context);
  crash.address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  crash.stack_overflow = overflowed_stack(crash.address, context);
  Block block;
  if (crash.stack_overflow || !find_block(crash.address, &block)) return;
  crash.near_block = true;
  copy_text(crash.block, block.name);
  crash.offset = static_cast<std::int64_t>(crash.address) -
                 static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(block.data));
  crash.size_bytes = static_cast<std::int64_t>(block.size_bytes);
  crash.access = block.access;
}

// Records the first signal, then lets it have the effect that it would have had.
void on_fatal(int signal, siginfo_t* info, void* context) {
  if (!here->recording.exchange(true)) {
    collect(signal, *info, *static_cast<const ucontext_t*>(context), here->crash);
    here->recorded = true;
  }
  const auto place = static_cast<std::size_t>(std::find(kFatal.begin(), kFatal.end(), signal) - kFatal.begin());
  sigaction(signal, &previous[place], nullptr);
  // An instruction does it again once this returns; a signal that was sent would not come back.
  if (info->si_code <= 0) raise(signal);
}

// A stack that may grow without end would take all memory before it overflows.
void limit_stack() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, kLargestStackBytes});
  setrlimit(RLIMIT_STACK, &limit);
}

void find_stack() {
  limit_stack();
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) stack_low = reinterpret_cast<std::uintptr_t>(low);
  pthread_attr_destroy(&attributes);
}

std::string place_of(const Crash& crash) {
  const std::string name = crash.block.data();
  const auto bytes = [](std::int64_t count) { return fmt::format("{} byte{}", count, count == 1 ? "" : "s"); };
  if (crash.offset < 0) return fmt::format("{} before the start of {}", bytes(-crash.offset), name);
  if (crash.offset >= crash.size_bytes) {
    return fmt::format("{} past the end of {}", bytes(crash.offset - crash.size_bytes + 1), name);
  }
  const char* why = crash.access == Access::read_only ? "an input, "
                    : crash.access == Access::none    ? "which was only lent to prepare, "
                                                      : "";
  return fmt::format("to {}, {}at byte {} of {}", name, why, crash.offset, crash.size_bytes);
}

}  // namespace

std::string describe(const Crash& crash) {
  if (crash.signal != SIGSEGV && crash.signal != SIGBUS) return "";
  if (crash.sent) return "";
  if (crash.unsaid)
    return "it used an address that a vector has to be aligned at and is not, or that no memory can have, or ran an "
           "instruction that only the system may";
  if (crash.stack_overflow) return "it overflowed its stack";
  constexpr std::string_view kVerbs[] = {"touched", "read", "wrote", "jumped"};
  const std::string_view verb = kVerbs[static_cast<int>(crash.touch)];
  if (!crash.near_block) {
    const char* what = crash.address < 4096 ? "next to a null pointer" : "next to none of the tensors it was given";
    return fmt::format("it {} at address {:#x}, {}", verb, crash.address, what);
  }
  std::string place = place_of(crash);
  if (crash.touch != Touch::write && place.starts_with("to ")) place.erase(0, 3);
  return fmt::format("it {} {}", verb, place);
}

BlackBox::BlackBox() {
  void* shared = mmap(nullptr, sizeof(Content), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw Error(fmt::format("cannot make shared memory: {}", std::strerror(errno)));
  content_ = new (shared) Content;
}

BlackBox::~BlackBox() { munmap(content_, sizeof(Content)); }

void BlackBox::install() {
  here = content_;
  find_stack();
  void* memory =
      mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const stack_t stack{.ss_sp = memory, .ss_flags = 0, .ss_size = kAlternateStackBytes};
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_fatal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], &action, &previous[i]);
    // A sanitizer's handler would say again what is recorded, and read all debug information in order to.
    if (kSanitized) previous[i] = {};
  }
}

void BlackBox::set_judging(bool judging) { content_->judging = judging; }

bool BlackBox::is_judging() const { return content_->judging; }

std::string BlackBox::activity() const {
  std::string text(content_->activity.data(), strnlen(content_->activity.data(), content_->activity.size()));
  const std::string attempt(content_->attempt.data(), strnlen(content_->attempt.data(), content_->attempt.size()));
  return text.empty() || attempt.empty() ? text : text + ", given " + attempt;
}

Crash BlackBox::crash() const { return content_->recorded ? content_->crash : Crash{}; }

Activity::Activity(std::string_view what) {
  if (here != nullptr) copy_text(here->activity, what);
}

Activity::~Activity() {
  if (here != nullptr) here->activity[0] = '\0';
}

Attempt::Attempt(std::string_view what) {
  if (here != nullptr) copy_text(here->attempt, what);
}

Attempt::~Attempt() {
  if (here != nullptr) here->attempt[0] = '\0';
}

}  // namespace plumb
