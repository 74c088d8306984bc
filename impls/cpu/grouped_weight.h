// The constant inputs of a linear layer with low-bit weights, in the CPU kernels' own form: one for all such operators.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/cpu/aligned_vector.h"
#include "impls/linear_source.h"

namespace plumb::cpu {

inline constexpr std::int64_t kBlockRows = 8;  ///< Rows n that are worked on together, side by side in memory.
inline constexpr std::int64_t kWidth =
    16;  ///< Columns k that are worked on together; every target sums 16 partial sums.

/// A weight repacked. Blocks of eight rows follow each other; in a block, chunks of 16 words along k; in a chunk, the
/// words of each of its rows; in word i of them, lowest bits first, columns 16 j + i of the chunk for j = 0, 1, …: a
/// vector of words, shifted right by j codes, holds 16 consecutive columns in its lowest bits. For 4 bits that is the
/// layout plumb.rows_8. Columns beyond the weight repeat its last one, so that they are no larger; their activation is
/// zero.
///
/// Groups that are no multiple of 16 columns are stored dequantised (bits = 32).
struct GroupedWeight {
  explicit GroupedWeight(const WeightSource& source);
  explicit GroupedWeight(const LinearSource& source);

  std::int64_t rows, columns;
  std::int64_t group;  ///< A multiple of 16, or all columns.
  int bits;            ///< 2, 4, 8; or 32: the weights themselves, as f32
  int base;
  bool adds;
  std::int64_t blocks, chunks;
  AlignedVector<std::uint32_t> words;  ///< [blocks, chunks, kBlockRows, 16]
  std::vector<float> scale, zero;      ///< [blocks, groups, kBlockRows]

  // What is done to the activation before and to the sums after.
  std::vector<float> factors = {};  ///< [columns]: x is multiplied and rounded to its type first. Empty: it is not.
  std::vector<float> bias = {};     ///< [rows]; empty: none. Both are padded to whole vectors (see whole_vectors).
  std::int64_t dynamic = 0;         ///< Columns that are quantised to int8 and back together (see LinearSource).
  bool rounds_before_bias = false;  ///< Sums are rounded to y's type before the bias is added.
  std::function<std::vector<float>(const Call&)> activation = {};  ///< See LinearSource.
};

/// Values padded to a multiple of 16 by zeros.
[[nodiscard]] std::vector<float> whole_vectors(std::vector<float> values);

}  // namespace plumb::cpu
