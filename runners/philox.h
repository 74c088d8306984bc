// Philox4x32-10, a counter-based random number generator: the n-th number is a function of key and counter alone, so
// that data are the same on every machine, in any order and in any number of processes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace plumb {

/// One block of four 32-bit numbers.
/// Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011), section 3.3.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                                         std::array<std::uint32_t, 2> key);

/// Random numbers of one stream (an input's name) of one seed, addressed by element index.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream);

  /// The `draw`-th 32 random bits of element `index`; draw < 4.
  [[nodiscard]] std::uint32_t bits(std::uint64_t index, unsigned draw = 0) const;
  /// The same of elements `first`, `first` + 1, …, for draw 0; many at once.
  void bits(std::uint64_t first, std::span<std::uint32_t> out) const;
  /// Uniform integer in [low, high]; high - low < 2^32.
  [[nodiscard]] std::int64_t integer(std::uint64_t index, std::int64_t low, std::int64_t high, unsigned draw = 0) const;
  /// The same of elements `first`, `first` + 1, …, for draw 0; many at once.
  void integers(std::uint64_t first, int low, int high, std::span<int> out) const;
  /// Uniform multiple of 2^-32 in [low, low + width); exact if low and width are small dyadic numbers.
  [[nodiscard]] double uniform(std::uint64_t index, double low, double width, unsigned draw = 0) const;

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t stream_;
};

}  // namespace plumb
