// A linear layer's weight as whole numbers that are multiplied by int8, four columns at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "impls/cpu/aligned_vector.h"
#include "impls/cpu/grouped_weight.h"

namespace plumb::cpu {

inline constexpr std::int64_t kQuadBlockRows = 32;  ///< Rows n of one block.

/// w[n, k] = (code[n, k] - offset) * scale. Rows are cut into segments of equal length that share scale and offset,
/// and segments into quads of four columns, the last one padded by code 0. 64 bytes hold one quad of 32 rows, nibbles
/// of rows 0 … 15 in their low halves and of rows 16 … 31 in the high ones; codes of eight bits take 128 bytes, rows
/// 0 … 15 first. Rows beyond the weight have scale 0.
struct QuadWeight {
  std::int64_t rows, segments, segment, quads;
  std::int64_t segments_per_group;
  bool wide;
  std::int64_t blocks;
  AlignedVector<std::uint8_t> codes;   ///< [blocks, segments, quads, 64 or 128]
  AlignedVector<float> scale;          ///< [blocks, groups, 32]
  AlignedVector<std::int32_t> offset;  ///< [blocks, groups, 32]; empty: common_offset everywhere
  std::int32_t common_offset;

  [[nodiscard]] std::int64_t quad_bytes() const { return wide ? 128 : 64; }
  [[nodiscard]] std::int64_t groups() const { return segments / segments_per_group; }
};

/// The weight in segments of gcd(group, together) columns, or of a group if `together` is 0. Null if it has no such
/// form: where something is added to its products, where zero points are no whole numbers (or far ones), where scales
/// are not finite, or where a sum of products might not fit 32 bits.
[[nodiscard]] std::unique_ptr<QuadWeight> quad_weight(const WeightSource& source, std::int64_t together);
/// The same from a weight that has been prepared for sums in f32, but also null where that is stored dequantised.
[[nodiscard]] std::unique_ptr<QuadWeight> quad_weight(const GroupedWeight& weight);

}  // namespace plumb::cpu
