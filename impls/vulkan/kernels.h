// The Vulkan kernels, one file and one shader or more each. vulkan.cc is the table of them.
//
// Only core Vulkan 1.1 is asked of a device; the integer dot product is used where there is one. Shaders see 32-bit
// words: bytes travel four in a word, f16 and bf16 inputs are widened on the host (exact; variants that store f16
// travel two in a word), and f32 results are rounded to f16 on the host where the operator wants that, as a device
// without 16-bit storage has to have it done.
#pragma once

#include "impls/builtin.h"
#include "impls/vulkan/device.h"

namespace plumb::vulkan {

[[nodiscard]] Kernel pack_uint4_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_uint4_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_uint2_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_uint2_kernel(const DeviceId& device);
[[nodiscard]] Kernel onnx_pack_4bit_kernel(const DeviceId& device);
[[nodiscard]] Kernel onnx_pack_int4_blocks_kernel(const DeviceId& device);
[[nodiscard]] Kernel nncf_compress_constants_kernel(const DeviceId& device);
[[nodiscard]] Kernel nncf_decompress_kernel(const DeviceId& device);
[[nodiscard]] Kernel nncf_quantize_kernel(const DeviceId& device);
[[nodiscard]] Kernel ov_unpack_kernel(const DeviceId& device);
[[nodiscard]] Kernel ov_pack_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_plain_int32_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_plain_int32_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_plain_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_plain_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_uintx_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_uintx_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_aten_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_aten_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_dyn_quant_4bit_kernel(const DeviceId& device);
[[nodiscard]] Kernel transpose_scales_kernel(const DeviceId& device);
[[nodiscard]] Kernel choose_qparams_affine_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_affine_kernel(const DeviceId& device);
[[nodiscard]] Kernel dequantize_affine_kernel(const DeviceId& device);
[[nodiscard]] Kernel choose_qparams_tinygemm_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_tinygemm_kernel(const DeviceId& device);
[[nodiscard]] Kernel dequantize_tinygemm_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_plain_int4_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_hqq_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_hqq_scale_only_kernel(const DeviceId& device);
[[nodiscard]] Kernel fake_quantize_per_token_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_plain_int32_kernel(const DeviceId& device);
[[nodiscard]] Kernel quantize_plain_int32_npu_kernel(const DeviceId& device);
[[nodiscard]] Kernel slice_groups_kernel(const DeviceId& device);
[[nodiscard]] Kernel compute_error_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_q4gsw_kernel(const DeviceId& device);
[[nodiscard]] Kernel unpack_q4gsw_kernel(const DeviceId& device);
[[nodiscard]] Kernel group_sums_kernel(const DeviceId& device);
[[nodiscard]] Kernel align_width_kernel(const DeviceId& device);
[[nodiscard]] Kernel transpose_scales_aligned_kernel(const DeviceId& device);
[[nodiscard]] Kernel repack_embedding_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_q4_linear_weight_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_w_4x8_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_q8_linear_weight_kernel(const DeviceId& device);
[[nodiscard]] Kernel pack_int4_transposed_kernel(const DeviceId& device);
[[nodiscard]] Kernel q4gsw_requant_kernel(const DeviceId& device);
[[nodiscard]] Kernel q4gsw_requant_w_4x8_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_q4gsw_kernel(const DeviceId& device);
[[nodiscard]] Kernel embedding_4bit_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_q4gsw_backward_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_qcs4w_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_int4_plain_int32_kernel(const DeviceId& device);
[[nodiscard]] Kernel matmul_compressed_kernel(const DeviceId& device);
[[nodiscard]] Kernel weight_int4pack_mm_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_dq8ca_q4gsw_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_q8ta_q8csw_kernel(const DeviceId& device);
[[nodiscard]] Kernel adamw_step_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_weight_gradient_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_intx_kernel(const DeviceId& device);
[[nodiscard]] Kernel linear_dynamic_intx_kernel(const DeviceId& device);
[[nodiscard]] Kernel dyn_quant_matmul_4bit_kernel(const DeviceId& device);
[[nodiscard]] Kernel q8ta_linear_kernel(const DeviceId& device);
[[nodiscard]] Kernel q8ta_conv2d_kernel(const DeviceId& device);
[[nodiscard]] Kernel q8ta_relu_kernel(const DeviceId& device);
[[nodiscard]] Kernel q8ta_add_kernel(const DeviceId& device);
[[nodiscard]] Kernel q8ta_pixel_shuffle_kernel(const DeviceId& device);
[[nodiscard]] Kernel embedding_q4gsw_kernel(const DeviceId& device);

}  // namespace plumb::vulkan
