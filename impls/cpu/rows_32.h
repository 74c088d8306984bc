// Repacking of a weight for linear_q4gsw's inner loops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/layout/layout.h"

namespace plumb::cpu {

inline constexpr std::int64_t kBlockRows = 32;  ///< Rows n of one block of plumb.rows_32.

/// A weight in the layout et_vk.q4gsw, repacked to plumb.rows_32. Rows beyond extent.rows hold code 0.
[[nodiscard]] std::vector<std::uint8_t> repack_to_rows_32(Extent extent, std::span<const std::uint8_t> q4gsw);

}  // namespace plumb::cpu
