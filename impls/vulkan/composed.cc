// Operators that are several steps, each of them a kernel of the same device.
#include "impls/composed.h"

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

AffineSteps steps_for(const DeviceId& device) {
  return {choose_qparams_affine_kernel(device), quantize_affine_kernel(device), dequantize_affine_kernel(device)};
}

}  // namespace

Kernel fake_quantize_per_token_kernel(const DeviceId& device) { return composed_fake_quantize(steps_for(device)); }

Kernel quantize_plain_int32_kernel(const DeviceId& device) {
  return composed_quantize_plain_int32(steps_for(device), pack_plain_int32_kernel(device), false);
}

Kernel quantize_plain_int32_npu_kernel(const DeviceId& device) {
  return composed_quantize_plain_int32(steps_for(device), pack_plain_int32_kernel(device), true);
}

Kernel embedding_4bit_kernel(const DeviceId& device) {
  return composed_embedding_4bit(steps_for(device), unpack_q4gsw_kernel(device));
}

Kernel q8ta_linear_kernel(const DeviceId& device) {
  return composed_q8ta_linear(linear_q8ta_q8csw_kernel(device), quantize_affine_kernel(device));
}

Kernel q8ta_conv2d_kernel(const DeviceId& device) { return composed_q8ta_conv2d(q8ta_linear_kernel(device)); }
Kernel q8ta_relu_kernel(const DeviceId& device) { return composed_q8ta_relu(steps_for(device)); }
Kernel q8ta_add_kernel(const DeviceId& device) { return composed_q8ta_add(steps_for(device)); }
Kernel q8ta_pixel_shuffle_kernel(const DeviceId& device) { return composed_q8ta_pixel_shuffle(steps_for(device)); }

}  // namespace plumb::vulkan
