#include "runners/philox.h"

#include "reference/error.h"

namespace plumb {
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

std::int64_t Random::integer(std::uint64_t index, std::int64_t low, std::int64_t high, unsigned draw) const {
  const auto count = static_cast<std::uint64_t>(high - low) + 1;
  return low + static_cast<std::int64_t>(bits(index, draw) * count >> 32);
}

double Random::uniform(std::uint64_t index, double low, double width, unsigned draw) const {
  return low + width * (static_cast<double>(bits(index, draw)) * 0x1p-32);
}

}  // namespace plumb
