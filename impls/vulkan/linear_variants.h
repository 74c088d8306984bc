// Variants of linear layers that the host chooses between, each as a kernel that always takes the same: judged by
// themselves, on every shape.
#pragma once

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/linear_int8.h"

namespace plumb::vulkan {

/// Which shader: one for few rows of activation, one that shares tiles between many; by_rows is what kernels.h does.
enum class LinearVariant { by_rows, gemv, tiled };

/// linear_q4gsw, with its activation stored as f32 or as f16 (and rounded to that first).
[[nodiscard]] Kernel linear_q4gsw_variant(const DeviceId& device, LinearVariant variant, bool stores_f16);
/// linear_dq8ca_q4gsw with the device's integer dot product, if it has one, or written out.
[[nodiscard]] Kernel linear_dq8ca_q4gsw_variant(const DeviceId& device, LinearVariant variant, DotProduct dot);

/// The table of all of them: named `vulkan.<device>.<suffix>`.
struct NamedVariant {
  const char* suffix;
  Kernel (*make)(const DeviceId&);
};
inline constexpr NamedVariant kLinearVariants[] = {
    {"gemv", [](const DeviceId& id) { return linear_q4gsw_variant(id, LinearVariant::gemv, false); }},
    {"tiled", [](const DeviceId& id) { return linear_q4gsw_variant(id, LinearVariant::tiled, false); }},
    {"gemv_f16", [](const DeviceId& id) { return linear_q4gsw_variant(id, LinearVariant::gemv, true); }},
    {"tiled_f16", [](const DeviceId& id) { return linear_q4gsw_variant(id, LinearVariant::tiled, true); }},
    {"gemv_int_dot",
     [](const DeviceId& id) { return linear_dq8ca_q4gsw_variant(id, LinearVariant::gemv, DotProduct::instruction); }},
    {"tiled_int_dot",
     [](const DeviceId& id) { return linear_dq8ca_q4gsw_variant(id, LinearVariant::tiled, DotProduct::instruction); }},
    {"gemv_written_out",
     [](const DeviceId& id) { return linear_dq8ca_q4gsw_variant(id, LinearVariant::gemv, DotProduct::written_out); }},
    {"tiled_written_out",
     [](const DeviceId& id) { return linear_dq8ca_q4gsw_variant(id, LinearVariant::tiled, DotProduct::written_out); }},
};

}  // namespace plumb::vulkan
