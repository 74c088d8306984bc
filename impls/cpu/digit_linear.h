// Linear layers whose activations are taken apart into digits of int8.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/cpu/digit_sums.h"
#include "impls/cpu/linear_rows.h"

namespace plumb::cpu {

/// What it consists of, for one target and one way of multiplying bytes.
struct DigitEngine {
  DigitFunctions rows;
  SumDigits sum;
  ByteProducts products;
};
/// The target has products of that kind here (see has_byte_products).
[[nodiscard]] DigitEngine digit_engine(const Target& target, ByteProducts products);

/// sums[m, n], [rows, weight.rows], of rows that are not quantised (dynamic = 0) or `dynamic` columns together. Returns
/// the rows that digits cannot hold, whose sums are untouched.
///
/// Numbers of a row are off by so little that the whole stays within kGroupedContract, whose ceil(K / 16) + 7 roundings
/// and that of the weight a product here has for others. It is rounded with its number (1 + left), in putting digits
/// together (5), with its scale (1), in the sum over S segments (S) and with the bias (1). Digits of a number put
/// together are at most six times as large as it; where their sums go beyond 2^24, rounding those to f32 is worth six
/// roundings of the product, of which 8 are allowed for. Together
///   left + S + 16 <= ceil(K / 16) + 8,  where left = ceil(K / 16) - S - 8.
/// Where that is negative, `left` is 0 and S is within 8 of ceil(K / 16): S + 8 <= ceil(K / 16) + 8, since segments
/// have at least 16 columns, or are all columns. Sums of digits are then below 2^24, for segments are short: 2^24 /
/// (128 * 255) columns have sums as large, which is more than 16 + 8 * 16 columns.
[[nodiscard]] std::vector<std::int64_t> sum_by_digits(const DigitEngine& engine, const PaddedRows& x, std::int64_t rows,
                                                      std::int64_t dynamic, const QuadWeight& weight, int threads,
                                                      float* sums);

}  // namespace plumb::cpu
