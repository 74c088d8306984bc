#include "impls/cpu/value_range.h"

#include <atomic>
#include <cstring>
#include <limits>

#include "impls/cpu/parallel.h"
#include "impls/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/value_range.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_INLINE T ElementAt(const std::byte* data, int64_t i) {
  T value;
  std::memcpy(&value, data + i * int64_t{sizeof(T)}, sizeof value);
  return value;
}

// low <= v <= high is unsigned(v - low) <= unsigned(high - low).
template <class T>
bool IntegersWithin(const std::byte* data, int64_t count, T low, T high) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto span = static_cast<Unsigned>(static_cast<Unsigned>(high) - static_cast<Unsigned>(low));
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR  // whose loads must be aligned
  const hn::ScalableTag<Unsigned> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto lowest = hn::Set(d, static_cast<Unsigned>(low));
  auto a = hn::Zero(d), b = a, c = a, e = a;
  const auto above = [&](int64_t at) {
    return hn::Sub(hn::LoadU(d, reinterpret_cast<const Unsigned*>(data) + at), lowest);
  };
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto* at = reinterpret_cast<const Unsigned*>(data) + i;
    for (int64_t line = 0; line < 4; ++line) PrefetchAhead(at + line * lanes);
    a = hn::Max(a, above(i));
    b = hn::Max(b, above(i + lanes));
    c = hn::Max(c, above(i + 2 * lanes));
    e = hn::Max(e, above(i + 3 * lanes));
  }
  const auto most = hn::Max(hn::Max(a, b), hn::Max(c, e));
  if (!hn::AllTrue(d, hn::Eq(hn::Min(most, hn::Set(d, span)), most))) return false;
#endif
  for (; i < count; ++i) {
    if (static_cast<Unsigned>(ElementAt<Unsigned>(data, i) - static_cast<Unsigned>(low)) > span) return false;
  }
  return true;
}

bool FloatsWithin(const std::byte* data, int64_t count, float low, float high) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto lowest = hn::Set(d, low), highest = hn::Set(d, high);
  auto all = hn::Eq(lowest, lowest);
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, reinterpret_cast<const float*>(data) + i);
    all = hn::And(all, hn::And(hn::Ge(value, lowest), hn::Le(value, highest)));
  }
  if (!hn::AllTrue(d, all)) return false;
#endif
  for (; i < count; ++i) {
    const auto value = ElementAt<float>(data, i);
    if (!(value >= low && value <= high)) return false;
  }
  return true;
}

// The limits as far as the type goes.
template <class T>
bool TypedWithin(const std::byte* data, int64_t count, Limits limits) {
  const int64_t low = HWY_MAX(limits.low, int64_t{std::numeric_limits<T>::min()});
  const int64_t high = HWY_MIN(limits.high, int64_t{std::numeric_limits<T>::max()});
  return low <= high && IntegersWithin<T>(data, count, static_cast<T>(low), static_cast<T>(high));
}

bool Within(DType dtype, const std::byte* data, int64_t count, Limits limits) {
  switch (dtype) {
    case DType::u8:
      return TypedWithin<uint8_t>(data, count, limits);
    case DType::i8:
      return TypedWithin<int8_t>(data, count, limits);
    case DType::i32:
      return TypedWithin<int32_t>(data, count, limits);
    case DType::i64:
      return TypedWithin<int64_t>(data, count, limits);
    case DType::f32:
      return FloatsWithin(data, count, static_cast<float>(limits.low), static_cast<float>(limits.high));
    default:
      return false;
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Within);

// Less is not worth a thread.
constexpr std::int64_t kShareBytes = 1 << 18;

}  // namespace

bool all_within(DType dtype, const std::byte* data, std::int64_t count, Limits limits, int threads) {
  const auto within = PLUMB_FOR_TARGET(Within, best_target());
  const std::int64_t bytes = info(dtype).size_bytes, share = kShareBytes / bytes;
  std::atomic<bool> all = true;
  parallel_ranges((count + share - 1) / share, threads, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t from = first * share, to = std::min(last * share, count);
    if (!within(dtype, data + from * bytes, to - from, limits)) all = false;
  });
  return all;
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
