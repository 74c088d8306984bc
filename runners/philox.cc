#include "runners/philox.h"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runners/philox.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "reference/error.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::ScalableTag<uint32_t>;
using D64 = hn::Repartition<uint64_t, D32>;
constexpr int kTogether = 4;  // vectors of counters, whose rounds need not wait for each other

// The first word of the blocks with counters (index, index >> 32, stream, 0), of whole batches of them: how many. One
// counter is in the even words of a vector, as MulEven takes them; what the odd ones hold does not matter.
size_t FirstWords(uint64_t first, uint32_t stream, uint32_t key0, uint32_t key1, uint32_t* out, size_t count) {
#if HWY_TARGET == HWY_SCALAR
  (void)first, (void)stream, (void)key0, (void)key1, (void)out, (void)count;
  return 0;
#else
  const D64 d64;
  const D32 d32;
  const hn::Rebind<uint32_t, D64> half;
  const size_t lanes = hn::Lanes(d64), batch = kTogether * lanes;
  const auto m0 = hn::Set(d32, 0xD2511F53U), m1 = hn::Set(d32, 0xCD9E8D57U);
  size_t done = 0;
  for (; done + batch <= count; done += batch) {
    hn::Vec<D32> c0[kTogether], c1[kTogether], c2[kTogether], c3[kTogether];
    HWY_UNROLL(4)
    for (int i = 0; i < kTogether; ++i) {
      const auto index = hn::Iota(d64, static_cast<uint64_t>(first + done + static_cast<size_t>(i) * lanes));
      c0[i] = hn::BitCast(d32, index);
      c1[i] = hn::BitCast(d32, hn::ShiftRight<32>(index));
      c2[i] = hn::Set(d32, stream);
      c3[i] = hn::Zero(d32);
    }
    uint32_t k0 = key0, k1 = key1;
    for (int round = 0; round < 10; ++round) {
      const auto v0 = hn::Set(d32, k0), v1 = hn::Set(d32, k1);
      HWY_UNROLL(4)
      for (int i = 0; i < kTogether; ++i) {
        const auto p0 = hn::MulEven(c0[i], m0), p1 = hn::MulEven(c2[i], m1);
        c0[i] = hn::Xor(hn::Xor(hn::BitCast(d32, hn::ShiftRight<32>(p1)), c1[i]), v0);
        c1[i] = hn::BitCast(d32, p1);
        c2[i] = hn::Xor(hn::Xor(hn::BitCast(d32, hn::ShiftRight<32>(p0)), c3[i]), v1);
        c3[i] = hn::BitCast(d32, p0);
      }
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    HWY_UNROLL(4)
    for (int i = 0; i < kTogether; ++i) {
      hn::StoreU(hn::TruncateTo(half, hn::BitCast(d64, c0[i])), half, out + done + static_cast<size_t>(i) * lanes);
    }
  }
  return done;
#endif
}

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb {

HWY_EXPORT(FirstWords);

namespace {

// FNV-1a, 32 bits: a stable number for a stream's name.
std::uint32_t name_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = 0xD2511F53ULL * counter[0];
    const std::uint64_t p1 = 0xCD9E8D57ULL * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

Random::Random(std::uint64_t seed, std::string_view stream)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}, stream_(name_hash(stream)) {}

std::uint32_t Random::bits(std::uint64_t index, unsigned draw) const {
  PLUMB_CHECK(draw < 4);
  return philox4x32_10({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), stream_, 0},
                       key_)[draw];
}

void Random::bits(std::uint64_t first, std::span<std::uint32_t> out) const {
  std::size_t i = HWY_DYNAMIC_DISPATCH(FirstWords)(first, stream_, key_[0], key_[1], out.data(), out.size());
  for (; i < out.size(); ++i) out[i] = bits(first + i);
}

void Random::integers(std::uint64_t first, int low, int high, std::span<int> out) const {
  const auto count = static_cast<std::uint64_t>(static_cast<std::int64_t>(high) - low) + 1;
  std::array<std::uint32_t, 1024> words;
  for (std::size_t done = 0; done < out.size(); done += words.size()) {
    const std::span<std::uint32_t> some = std::span(words).first(std::min(words.size(), out.size() - done));
    bits(first + done, some);
    for (std::size_t i = 0; i < some.size(); ++i) out[done + i] = low + static_cast<int>(some[i] * count >> 32);
  }
}

std::int64_t Random::integer(std::uint64_t index, std::int64_t low, std::int64_t high, unsigned draw) const {
  const auto count = static_cast<std::uint64_t>(high - low) + 1;
  return low + static_cast<std::int64_t>(bits(index, draw) * count >> 32);
}

double Random::uniform(std::uint64_t index, double low, double width, unsigned draw) const {
  return low + width * (static_cast<double>(bits(index, draw)) * 0x1p-32);
}

}  // namespace plumb
#endif  // HWY_ONCE
