#include "runners/shared_work.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace plumb {
namespace {

TEST(SharedWork, DoesEachPieceOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 7}) {
    std::vector<std::atomic<int>> times(100);
    EXPECT_TRUE(share_work(100, {threads}, [&](std::int64_t piece) { ++times[static_cast<std::size_t>(piece)]; }));
    for (const auto& count : times) EXPECT_EQ(count, 1);
  }
  EXPECT_TRUE(share_work(0, {3}, [](std::int64_t) { FAIL(); }));
}

TEST(SharedWork, ThrowsTheEarliestFailureAndDoesAllBeforeIt) {
  for (const int threads : {1, 4}) {
    std::vector<std::atomic<int>> times(200);
    std::string failure;
    try {
      (void)share_work(200, {threads}, [&](std::int64_t piece) {
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

}  // namespace
}  // namespace plumb
