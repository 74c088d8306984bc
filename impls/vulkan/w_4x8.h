// Packing of linear weights for the Vulkan shaders.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/layout/layout.h"

namespace plumb::vulkan {

/// Repacks a weight from layout et_vk.q4gsw (what the operator takes) to et_vk.w_4x8_nc (what the shaders read):
/// 16-byte blocks of 4 columns by 8 rows, row blocks innermost, so that neighbouring invocations read neighbouring
/// blocks. Both hold the same offset-binary nibbles; padding, whatever it was, becomes code 0.
[[nodiscard]] std::vector<std::uint8_t> repack_to_w_4x8(Extent extent, std::span<const std::uint8_t> q4gsw);

}  // namespace plumb::vulkan
