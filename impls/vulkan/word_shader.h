// Shaders that make one word of output an invocation, and move integers: what packs share.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "impls/builtin.h"
#include "impls/vulkan/device.h"

namespace plumb::vulkan {

/// The contract of kernels that move integers: nothing is rounded, so the rest of it has no meaning.
inline constexpr plumb_contract kExactContract{.activation = PLUMB_F32,
                                               .weight = PLUMB_F64,
                                               .accumulator = PLUMB_F32,
                                               .chain_divisor = 1,
                                               .chain_extra = 0,
                                               .flushes_subnormals = 0,
                                               .deterministic = 1};

/// A device copy of an input's bytes, zero-padded to a multiple of `multiple` bytes, at least 4 and at least one such
/// multiple.
[[nodiscard]] StoragePtr upload_bytes(Device& device, std::string_view what, std::span<const std::byte> bytes,
                                      std::size_t multiple = 4);

/// Runs `shader` with one invocation for each word of an output and stores the output; the last word may reach beyond
/// its end. Push constants are the number of words and then `sizes`. Only for outputs that have elements.
void run_per_word(Device& device, const Shader& shader, const Call& call, std::size_t output,
                  std::vector<StoragePtr> inputs, std::vector<std::uint32_t> sizes = {});

/// The bytes of an input of any element type.
[[nodiscard]] std::span<const std::byte> bytes_of_input(const Call& call, std::size_t input);

}  // namespace plumb::vulkan
