// Activations as whole numbers of several int8 digits, so that products with low-bit codes are summed up exactly.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/cpu/aligned_vector.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// The most digits of one number: three of its upper part, which is a whole number, and three of what that leaves.
inline constexpr std::int64_t kMostDigits = 6;
inline constexpr std::int64_t kUpperDigits = 3;

/// Rows cut into segments, whose numbers share a scale:
///   x = high * (d0 + 2^8 d1 + 2^16 d2 + low * (d3 + 2^8 d4 + 2^16 d5)),  -128 <= d <= 127, high and low powers of two.
/// Each segment has as many digits as it takes for every one of its numbers to be off by at most `tolerance` of itself.
/// Or rows quantised to int8: x = high * d0.
struct DigitRows {
  std::int64_t rows, segments, segment;
  std::int64_t planes;      ///< Digits that there is room for: kMostDigits or 1.
  std::int64_t interleave;  ///< Rows that lie side by side: 1, or 16, then with digits in pieces of 64.

  /// [ceil(rows / interleave), segments, planes, pieces, interleave, piece bytes]: a segment's digits, padded by zeros
  /// to whole quads (interleave 1, one piece) or to pieces of 64.
  AlignedVector<std::int8_t> digits;
  std::vector<float> high, low;       ///< [rows, segments]
  std::vector<std::int32_t> sums;     ///< [rows, segments, planes]: of a segment's digits
  std::vector<std::uint8_t> used;     ///< [rows, segments]: digits that are not all zero; 1, or kUpperDigits and more
  std::vector<std::uint8_t> is_good;  ///< [rows]: 0 where a row has no such form

  DigitRows(std::int64_t rows, std::int64_t segments, std::int64_t segment, std::int64_t planes,
            std::int64_t interleave);

  [[nodiscard]] std::int64_t piece_bytes() const { return interleave == 1 ? (segment + 3) / 4 * 4 : 64; }
  [[nodiscard]] std::int64_t pieces() const { return (segment + piece_bytes() - 1) / piece_bytes(); }
  /// Where a digit of a row's segment begins; its pieces are interleave * piece_bytes() apart.
  [[nodiscard]] std::int64_t place(std::int64_t m, std::int64_t s, std::int64_t plane) const {
    return (((m / interleave * segments + s) * planes + plane) * pieces() * interleave + m % interleave) *
           piece_bytes();
  }
  [[nodiscard]] std::size_t at(std::int64_t m, std::int64_t s) const {
    return static_cast<std::size_t>(m * segments + s);
  }
};

/// Compiled for one target.
struct DigitFunctions {
  /// Row m from segments * segment numbers. A row is not good if it is not finite, if the largest number of a segment
  /// is beyond 2^60 or below 2^-60 and not 0, or if numbers of a segment are too far apart for the tolerance.
  void (*split)(const float* x, std::int64_t m, float tolerance, DigitRows& rows);
  /// Row m quantised to int8, `together` columns (a multiple of a segment) by one scale: s = max |x| / 127,
  /// d = rne(x / s). A row is not good if it is not finite, or if the largest of columns that are quantised together is
  /// below 2^-60 and not 0.
  void (*quantise)(const float* x, std::int64_t m, std::int64_t together, DigitRows& rows);
};
[[nodiscard]] DigitFunctions digit_functions(const Target& target);

}  // namespace plumb::cpu
