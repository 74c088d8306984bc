#include "impls/cpu/parallel.h"

#include <gtest/gtest.h>

#include <mutex>

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

}  // namespace
}  // namespace plumb::cpu
