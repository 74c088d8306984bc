#include "runners/shared_work.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace plumb {
namespace {

TEST(SharedWork, DoesEachPieceOnceWhateverTheThreads) {
  for (const auto& [threads, keeps] : {std::pair(1, false), {2, false}, {7, false}, {1, true}, {2, true}, {7, true}}) {
    std::vector<std::atomic<int>> times(100);
    EXPECT_TRUE(share_work(100, {threads, {}, {}, keeps},
                           [&](std::int64_t piece) { ++times[static_cast<std::size_t>(piece)]; }));
    for (const auto& count : times) EXPECT_EQ(count, 1);
  }
  EXPECT_TRUE(share_work(0, {3}, [](std::int64_t) { FAIL(); }));
}

TEST(SharedWork, ThrowsTheEarliestFailureAndDoesAllBeforeIt) {
  for (const auto& [threads, keeps] : {std::pair(1, false), {4, false}, {4, true}}) {
    std::vector<std::atomic<int>> times(200);
    std::string failure;
    try {
      (void)share_work(200, {threads, {}, {}, keeps}, [&](std::int64_t piece) {
        if (piece >= 50 && piece % 10 == 0) throw std::runtime_error(std::to_string(piece));
        ++times[static_cast<std::size_t>(piece)];
      });
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    EXPECT_EQ(failure, "50");
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(times[i], 1);
  }
}

TEST(SharedWork, StopsWhenAskedAndTellsProgressInOrder) {
  std::int64_t asked = 0, last = 0;
  WorkOptions options{2, [&](std::int64_t done) { EXPECT_GE(done, std::exchange(last, done)); },
                      [&] { return ++asked > 3; }};
  EXPECT_FALSE(share_work(1'000'000'000, options, [](std::int64_t) {}));
  EXPECT_GT(last, 0);
}

// Also where threads are kept: nobody is left at work.
TEST(SharedWork, LetsExceptionsOfItsCallerOut) {
  for (const bool keeps : {false, true}) {
    std::atomic<int> at_work = 0;
    const WorkOptions options{3, {}, []() -> bool { throw std::runtime_error("asked"); }, keeps};
    const auto body = [&](std::int64_t piece) {
      ++at_work;
      --at_work;
      if (piece > 1'000'000) throw std::runtime_error("never asked");
    };
    EXPECT_THROW((void)share_work(keeps ? 1'000'000'000 : 1000, options, body), std::runtime_error);
    EXPECT_EQ(at_work, 0);
  }
}

}  // namespace
}  // namespace plumb
