// Running shaders whose invocations make one word of output each.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/builtin.h"
#include "impls/vulkan/device.h"

namespace plumb::vulkan {

/// Contract of kernels that move integers, where nothing is rounded.
inline constexpr plumb_contract kExactContract{.activation = PLUMB_F32,
                                               .weight = PLUMB_F64,
                                               .accumulator = PLUMB_F32,
                                               .chain_divisor = 1,
                                               .chain_extra = 0,
                                               .flushes_subnormals = 0,
                                               .deterministic = 1};

/// A device copy of an input's bytes, as they are.
[[nodiscard]] StoragePtr upload_input(Device& device, const Call& call, std::size_t input);

/// Fills the call's output: one invocation for each of its words, the last of which may reach beyond its end. The
/// number of words comes first among the push constants, then `sizes`. An empty output needs no device.
void run_words(Device& device, const Shader& shader, const Call& call, std::vector<StoragePtr> inputs,
               std::vector<std::uint32_t> sizes);

/// A size or parameter as a push constant.
[[nodiscard]] inline std::uint32_t word_of(std::int64_t value) { return static_cast<std::uint32_t>(value); }

}  // namespace plumb::vulkan
