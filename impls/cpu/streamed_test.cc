#include "impls/cpu/streamed.h"

#include <gtest/gtest.h>

#include <vector>

#include "impls/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/streamed_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[i] = 1000 + i.
void Count(int32_t* to, int64_t first, int64_t last, bool streamed) {
  const hn::ScalableTag<int32_t> d;
  const auto vector = [&](int64_t i) HWY_ATTR { return hn::Iota(d, static_cast<int32_t>(1000 + i)); };
  Fill(d, to, first, last, streamed, vector, [](int64_t i) { return static_cast<int32_t>(1000 + i); });
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Count);

TEST(Streamed, WritesTheBytesAndNoOthersWhereverTheyLie) {
  std::vector<unsigned char> from(1000);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<unsigned char>(i * 31 + i / 256 + 1);
  for (const int bytes : {0, 1, 63, 64, 65, 127, 130, 700}) {
    for (const int source : {0, 1, 17}) {
      for (int target = 0; target < 70; ++target) {
        std::vector<unsigned char> to(1000, 0), want(1000, 0);
        std::copy_n(from.begin() + source, bytes, want.begin() + target);
        stream_bytes(from.data() + source, to.data() + target, bytes);
        end_stream();
        ASSERT_EQ(to, want) << bytes << " bytes from " << source << " to " << target;
      }
    }
  }
}

// Bytes of 200 places for elements, `offset` bytes beyond a cache line, of which [first, last) have been filled.
std::vector<unsigned char> counted(void (*count)(std::int32_t*, std::int64_t, std::int64_t, bool), std::int64_t offset,
                                   std::int64_t first, std::int64_t last, bool streamed) {
  alignas(64) unsigned char places[1024] = {};
  count(reinterpret_cast<std::int32_t*>(places + offset), first, last, streamed);
  end_stream();
  return {places, places + sizeof places};
}

TEST(Streamed, FillsTheElementsAndNoOthersWhereverTheyLie) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    for (const std::int64_t offset : {0, 4, 1, 6, 28, 32, 60}) {
      for (const std::int64_t first : {0, 1, 5, 16}) {
        for (const std::int64_t last : {16, 17, 31, 40, 100, 193}) {
          std::vector<unsigned char> want(1024, 0);
          for (std::int64_t i = first; i < last; ++i) {
            const auto value = static_cast<std::int32_t>(1000 + i);
            std::memcpy(want.data() + offset + 4 * i, &value, sizeof value);
          }
          for (const bool streamed : {false, true}) {
            ASSERT_EQ(counted(PLUMB_FOR_TARGET(Count, target), offset, first, last, streamed), want)
                << target.name << ": " << first << " ... " << last << " at " << offset << ", streamed " << streamed;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace plumb::cpu
#endif  // HWY_ONCE
