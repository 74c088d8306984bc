// Rows of an activation quantised to int8 and back as ATen's dyn_quant_matmul_4bit does.
#pragma once

#include <vector>

#include "impls/builtin.h"
#include "impls/vulkan/device.h"

namespace plumb::vulkan {

/// Input 0 of the call, [M, K], quantised and back: (q - zp) / s.
[[nodiscard]] std::vector<float> aten_quantised_rows(const DeviceId& device, const Call& call);

}  // namespace plumb::vulkan
