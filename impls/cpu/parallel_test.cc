#include "impls/cpu/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace plumb::cpu {
namespace {

TEST(PieceStart, PiecesFollowEachOtherFromZeroToCountAndAreNotEmpty) {
  for (std::int64_t count = 1; count <= 200; ++count) {
    for (std::int64_t pieces = 1; pieces <= std::min<std::int64_t>(count, 40); ++pieces) {
      ASSERT_EQ(piece_start(count, pieces, 0), 0) << count << " items, " << pieces << " pieces";
      ASSERT_EQ(piece_start(count, pieces, pieces), count) << count << " items, " << pieces << " pieces";
      for (std::int64_t i = 0; i < pieces; ++i) {
        ASSERT_LT(piece_start(count, pieces, i), piece_start(count, pieces, i + 1)) << count << " items, piece " << i;
      }
    }
  }
}

TEST(ParallelRanges, CoverEachItemExactlyOnce) {
  for (std::int64_t count = 0; count <= 200; count += count < 10 ? 1 : 19) {
    for (const int threads : {1, 2, 3, 4, 7, 8, 16, 33, 40}) {
      std::vector<int> uses(static_cast<std::size_t>(count));  // a race here is ThreadSanitizer's to find
      parallel_ranges(count, threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) ++uses.at(static_cast<std::size_t>(i));
      });
      for (const int use : uses) ASSERT_EQ(use, 1) << count << " items, " << threads << " threads";
    }
  }
}

TEST(ParallelRanges, AreAsManyAsThreadsOrItemsAndDifferByOneAtMost) {
  for (const std::int64_t count : {0, 1, 2, 7, 40, 41, 1000}) {
    for (const int threads : {1, 2, 3, 7, 40}) {
      std::mutex mutex;
      std::vector<std::int64_t> sizes;
      parallel_ranges(count, threads, [&](std::int64_t first, std::int64_t last) {
        const std::scoped_lock lock(mutex);
        sizes.push_back(last - first);
      });
      ASSERT_EQ(static_cast<std::int64_t>(sizes.size()), std::min<std::int64_t>(threads, count));
      if (sizes.empty()) continue;
      const auto [smallest, largest] = std::ranges::minmax(sizes);
      EXPECT_LE(largest - smallest, 1) << count << " items, " << threads << " threads";
    }
  }
}

TEST(ParallelRanges, TheCallerTakesTheFirstRangeAndOthersRunElsewhere) {
  std::mutex mutex;
  std::vector<std::pair<std::int64_t, bool>> seen;
  parallel_ranges(3, 3, [&, caller = std::this_thread::get_id()](std::int64_t first, std::int64_t) {
    const std::scoped_lock lock(mutex);
    seen.emplace_back(first, std::this_thread::get_id() == caller);
  });
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<std::pair<std::int64_t, bool>>{{0, true}, {1, false}, {2, false}}));
}

// By the piece's first item.
std::map<std::int64_t, std::thread::id> threads_of_three_pieces() {
  std::mutex mutex;
  std::map<std::int64_t, std::thread::id> seen;
  parallel_ranges(3, 3, [&](std::int64_t first, std::int64_t) {
    const std::scoped_lock lock(mutex);
    seen[first] = std::this_thread::get_id();
  });
  return seen;
}

TEST(ParallelRanges, ThreadsStayForTheNextCall) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one core";
  const auto first = threads_of_three_pieces(), second = threads_of_three_pieces();
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(first.at(1), second.at(1));
}

// Whether the sum is right; each piece counts its own items.
bool adds_up(std::int64_t count, int threads) {
  std::vector<std::int64_t> items(static_cast<std::size_t>(count));
  parallel_ranges(count, threads, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) items[static_cast<std::size_t>(i)] = i;
  });
  return std::accumulate(items.begin(), items.end(), std::int64_t{0}) == count * (count - 1) / 2;
}

TEST(ParallelRanges, AForkedProcessHasThreadsOfItsOwn) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(adds_up(100, 4));
    const pid_t child = fork();
    if (child == 0) {
      const auto seen = threads_of_three_pieces();
      _exit(seen.size() == 3 && seen.at(1) != seen.at(0) && adds_up(100, 4) ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

TEST(ParallelRanges, CallersAtTheSameTimeAllFinish) {
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 50; ++i) right += adds_up(64, 2 + i % 3);
      });
    }
  }
  EXPECT_EQ(right, 200);
}

TEST(ParallelRanges, APieceMayAskForPieces) {
  std::atomic<int> right = 0;
  parallel_ranges(4, 4, [&](std::int64_t, std::int64_t) { right += adds_up(30, 3); });
  EXPECT_EQ(right, 4);
}

}  // namespace
}  // namespace plumb::cpu
