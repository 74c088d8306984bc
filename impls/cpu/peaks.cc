#include "impls/cpu/peaks.h"

#include <atomic>
#include <cstring>

#include "impls/cpu/parallel.h"
#include "impls/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/peaks.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sum of 8-byte words.
uint64_t SumWords(const std::byte* memory, int64_t words) {
  const hn::ScalableTag<uint64_t> d;
  auto a = hn::Zero(d), b = a, c = a, e = a;
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR  // whose loads must be aligned
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto load = [&](int64_t at) { return hn::LoadU(d, reinterpret_cast<const uint64_t*>(memory + 8 * at)); };
  for (; i + 4 * lanes <= words; i += 4 * lanes) {
    a = hn::Add(a, load(i));
    b = hn::Add(b, load(i + lanes));
    c = hn::Add(c, load(i + 2 * lanes));
    e = hn::Add(e, load(i + 3 * lanes));
  }
#endif
  // GCC 12 folds the lanes of AVX-512 as signed numbers, whose sum must not overflow.
  HWY_ALIGN uint64_t folded[HWY_MAX_BYTES / sizeof(uint64_t)];
  hn::Store(hn::Add(hn::Add(a, b), hn::Add(c, e)), d, folded);
  uint64_t sum = 0;
  for (size_t lane = 0; lane < hn::Lanes(d); ++lane) sum += folded[lane];
  for (; i < words; ++i) {
    uint64_t word;
    std::memcpy(&word, memory + 8 * i, sizeof word);
    sum += word;
  }
  return sum;
}

constexpr int64_t kChains = 12;

// x = x * factor + addend in every lane of kChains vectors, `rounds` times. Returns the operations done; the chains'
// sum goes to `sink`.
int64_t MultiplyAndAdd(int64_t rounds, float factor, float addend, float* sink) {
  const hn::ScalableTag<float> d;
  const auto f = hn::Set(d, factor), a = hn::Set(d, addend);
  auto x0 = hn::Iota(d, 0), x1 = hn::Iota(d, 1), x2 = hn::Iota(d, 2), x3 = hn::Iota(d, 3), x4 = hn::Iota(d, 4),
       x5 = hn::Iota(d, 5), x6 = hn::Iota(d, 6), x7 = hn::Iota(d, 7), x8 = hn::Iota(d, 8), x9 = hn::Iota(d, 9),
       x10 = hn::Iota(d, 10), x11 = hn::Iota(d, 11);
  for (int64_t i = 0; i < rounds; ++i) {
    x0 = hn::MulAdd(x0, f, a), x1 = hn::MulAdd(x1, f, a), x2 = hn::MulAdd(x2, f, a), x3 = hn::MulAdd(x3, f, a);
    x4 = hn::MulAdd(x4, f, a), x5 = hn::MulAdd(x5, f, a), x6 = hn::MulAdd(x6, f, a), x7 = hn::MulAdd(x7, f, a);
    x8 = hn::MulAdd(x8, f, a), x9 = hn::MulAdd(x9, f, a), x10 = hn::MulAdd(x10, f, a), x11 = hn::MulAdd(x11, f, a);
  }
  const auto low = hn::Add(hn::Add(hn::Add(x0, x1), hn::Add(x2, x3)), hn::Add(x4, x5));
  const auto high = hn::Add(hn::Add(hn::Add(x6, x7), hn::Add(x8, x9)), hn::Add(x10, x11));
  *sink = hn::GetLane(hn::SumOfLanes(d, hn::Add(low, high)));
  return rounds * kChains * 2 * static_cast<int64_t>(hn::Lanes(d));
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(SumWords);
HWY_EXPORT(MultiplyAndAdd);

}  // namespace

void copy_memory(std::span<const std::byte> from, std::span<std::byte> to, int threads) {
  parallel_ranges(static_cast<std::int64_t>(to.size()), threads, [&](std::int64_t first, std::int64_t last) {
    std::memcpy(to.data() + first, from.data() + first, static_cast<std::size_t>(last - first));
  });
}

std::uint64_t read_memory(std::span<const std::byte> memory, int threads) {
  const auto sum_words = PLUMB_FOR_TARGET(SumWords, best_target());
  std::atomic<std::uint64_t> sum = 0;
  parallel_ranges(static_cast<std::int64_t>(memory.size() / 8), threads, [&](std::int64_t first, std::int64_t last) {
    sum += sum_words(memory.data() + 8 * first, last - first);
  });
  return sum;
}

std::int64_t multiply_and_add(std::int64_t rounds, int threads) {
  const auto body = PLUMB_FOR_TARGET(MultiplyAndAdd, best_target());
  std::atomic<std::int64_t> operations = 0;
  // The compiler must neither know the factors nor see that nobody wants the sums.
  const volatile float factor = 0.5F, addend = 1.0F;
  parallel_ranges(threads, threads, [&](std::int64_t first, std::int64_t last) {
    for (; first < last; ++first) {
      float sum = 0;
      operations += body(rounds, factor, addend, &sum);
      const volatile float kept = sum;
      (void)kept;
    }
  });
  return operations;
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
