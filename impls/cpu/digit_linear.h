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
[[nodiscard]] DigitEngine digit_engine(const Target& target, ByteProducts products);

/// sums[m, n], [rows, weight.rows], of rows that are not quantised (dynamic = 0) or `dynamic` columns together. Returns
/// the rows that digits cannot hold, whose sums are untouched.
///
/// Numbers of a row are off by so little that the whole stays within kGroupedContract: a product is rounded with its
/// number (1 + what the chain of K / 16 sums leaves), in putting digits together (5), with its scale (1), as the weight
/// itself is not (-1), and in the sum over segments, of which there are no more than K / 16.
[[nodiscard]] std::vector<std::int64_t> sum_by_digits(const DigitEngine& engine, const PaddedRows& x, std::int64_t rows,
                                                      std::int64_t dynamic, const QuadWeight& weight, int threads,
                                                      float* sums);

}  // namespace plumb::cpu
