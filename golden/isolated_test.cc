#include "golden/isolated.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "reference/error.h"
#include "reference/sanitized.h"

namespace plumb::golden {
namespace {

std::string error_of(const std::function<std::string()>& work, const Limits& limits = {}) {
  try {
    (void)run_isolated("x.h5", work, limits);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Isolated, ReturnsTheResultWhateverItsBytes) {
  EXPECT_EQ(run_isolated("x.h5", [] { return std::string(); }), "");
  EXPECT_EQ(run_isolated("x.h5", [] { return std::string("\0e\0r", 4); }), std::string("\0e\0r", 4));
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(run_isolated("x.h5", [&] { return large; }), large);
}

TEST(Isolated, PassesOnExceptions) {
  EXPECT_EQ(error_of([]() -> std::string { throw Error("x.h5: /: expected a, found b"); }),
            "x.h5: /: expected a, found b");
  EXPECT_EQ(error_of([]() -> std::string { throw std::runtime_error("no"); }), "x.h5: no");
}

TEST(Isolated, NamesTheDeathOfTheChild) {
  EXPECT_EQ(error_of([]() -> std::string { _exit(7); }),
            "x.h5 is corrupt: reading it ended its process with exit status 7");
  EXPECT_EQ(error_of([]() -> std::string { _exit(0); }),
            "x.h5 is corrupt: reading it ended its process with exit status 0");
  EXPECT_EQ(error_of([] { return kill(getpid(), SIGKILL), std::string("never"); }),
            "x.h5 is corrupt: reading it ended its process with SIGKILL");
  // A sanitizer turns the signal into an exit status.
  EXPECT_EQ(error_of([] { return raise(SIGSEGV), std::string("never"); }).find("x.h5 is corrupt: reading it ended"),
            0u);
}

TEST(Isolated, StopsAHang) {
  const Limits limits{.time = std::chrono::milliseconds(100)};
  EXPECT_EQ(error_of([] { return pause(), std::string("never"); }, limits),
            "x.h5 is corrupt: reading it did not end within 100 ms");
}

TEST(Isolated, StopsAFlood) {
  const Limits limits{.result_bytes = 1000};
  EXPECT_EQ(error_of([] { return std::string(2'000'000, 'x'); }, limits),
            "x.h5 is corrupt: reading it gave more than 1000 bytes");
}

TEST(Isolated, LimitsMemory) {
  if (kSanitized) GTEST_SKIP() << "address space cannot be limited in a sanitizer build";
  const Limits limits{.memory_bytes = 64 << 20};
  EXPECT_EQ(error_of([] { return std::string(256 << 20, 'x'); }, limits), "x.h5: std::bad_alloc");
}

}  // namespace
}  // namespace plumb::golden
