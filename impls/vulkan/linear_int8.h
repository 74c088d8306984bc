// Linear layers with an activation of eight bits: which of two ways the products are summed, for tests to choose.
#pragma once

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {

/// With the device's integer dot product (VK_KHR_shader_integer_dot_product), or written out. Sums are exact either
/// way.
enum class DotProduct { written_out, instruction };

/// The kernels with a given way: `instruction` needs a device that has it. linear_dq8ca_q4gsw_kernel() and
/// linear_q8ta_q8csw_kernel() take it where there is one.
[[nodiscard]] Kernel linear_dq8ca_q4gsw_with(const DeviceId& device, DotProduct dot);
[[nodiscard]] Kernel linear_q8ta_q8csw_with(const DeviceId& device, DotProduct dot);

}  // namespace plumb::vulkan
