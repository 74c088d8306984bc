#include "impls/vulkan/vulkan.h"

#include <fmt/format.h>

#include "impls/vulkan/discovery.h"
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/linear_variants.h"

namespace plumb {
namespace {

// Which kernels are there? Each operator's factory, and nowhere else.
constexpr Kernel (*kKernels[])(const vulkan::DeviceId&) = {
    vulkan::pack_uint4_kernel,
    vulkan::unpack_uint4_kernel,
    vulkan::pack_int4_kernel,
    vulkan::unpack_int4_kernel,
    vulkan::pack_uint2_kernel,
    vulkan::unpack_uint2_kernel,
    vulkan::onnx_pack_4bit_kernel,
    vulkan::onnx_pack_int4_blocks_kernel,
    vulkan::nncf_compress_constants_kernel,
    vulkan::nncf_decompress_kernel,
    vulkan::nncf_quantize_kernel,
    vulkan::ov_unpack_kernel,
    vulkan::ov_pack_kernel,
    vulkan::pack_plain_int32_kernel,
    vulkan::unpack_plain_int32_kernel,
    vulkan::pack_plain_int4_kernel,
    vulkan::unpack_plain_int4_kernel,
    vulkan::pack_uintx_kernel,
    vulkan::unpack_uintx_kernel,
    vulkan::pack_aten_int4_kernel,
    vulkan::unpack_aten_int4_kernel,
    vulkan::pack_dyn_quant_4bit_kernel,
    vulkan::transpose_scales_kernel,
    vulkan::choose_qparams_affine_kernel,
    vulkan::quantize_affine_kernel,
    vulkan::dequantize_affine_kernel,
    vulkan::choose_qparams_tinygemm_kernel,
    vulkan::quantize_tinygemm_kernel,
    vulkan::dequantize_tinygemm_kernel,
    vulkan::quantize_plain_int4_kernel,
    vulkan::quantize_hqq_kernel,
    vulkan::quantize_hqq_scale_only_kernel,
    vulkan::fake_quantize_per_token_kernel,
    vulkan::quantize_plain_int32_kernel,
    vulkan::quantize_plain_int32_npu_kernel,
    vulkan::slice_groups_kernel,
    vulkan::compute_error_kernel,
    vulkan::pack_q4gsw_kernel,
    vulkan::unpack_q4gsw_kernel,
    vulkan::group_sums_kernel,
    vulkan::align_width_kernel,
    vulkan::transpose_scales_aligned_kernel,
    vulkan::repack_embedding_kernel,
    vulkan::pack_q4_linear_weight_kernel,
    vulkan::pack_w_4x8_kernel,
    vulkan::pack_q8_linear_weight_kernel,
    vulkan::pack_int4_transposed_kernel,
    vulkan::q4gsw_requant_kernel,
    vulkan::q4gsw_requant_w_4x8_kernel,
    vulkan::linear_q4gsw_kernel,
    vulkan::embedding_4bit_kernel,
    vulkan::linear_q4gsw_backward_kernel,
    vulkan::linear_qcs4w_kernel,
    vulkan::linear_int4_plain_int32_kernel,
    vulkan::matmul_compressed_kernel,
    vulkan::weight_int4pack_mm_kernel,
    vulkan::linear_dq8ca_q4gsw_kernel,
    vulkan::linear_q8ta_q8csw_kernel,
    vulkan::adamw_step_kernel,
    vulkan::linear_weight_gradient_kernel,
    vulkan::linear_intx_kernel,
    vulkan::linear_dynamic_intx_kernel,
    vulkan::dyn_quant_matmul_4bit_kernel,
    vulkan::q8ta_linear_kernel,
    vulkan::q8ta_conv2d_kernel,
    vulkan::q8ta_relu_kernel,
    vulkan::q8ta_add_kernel,
    vulkan::q8ta_pixel_shuffle_kernel,
    vulkan::embedding_q4gsw_kernel,
};

void append(Builtins& impls, const std::string& name, const std::string& unavailable, const vulkan::DeviceId& device) {
  for (const auto kernel : kKernels) impls.push_back(std::make_unique<Builtin>(name, unavailable, kernel(device)));
  for (const vulkan::NamedVariant& variant : vulkan::kLinearVariants) {
    impls.push_back(
        std::make_unique<Builtin>(fmt::format("{}.{}", name, variant.suffix), unavailable, variant.make(device)));
  }
}

}  // namespace

void append_vulkan_impls(Builtins& impls) {
  const vulkan::Discovery& found = vulkan::discovery();
  if (found.devices.empty()) append(impls, "vulkan", found.unavailable, {});
  const std::vector<std::string> names = vulkan::implementation_names(found.devices);
  for (std::size_t i = 0; i < names.size(); ++i) append(impls, names[i], "", found.devices[i].id);
}

std::vector<std::string> vulkan_device_descriptions() {
  const vulkan::Discovery& found = vulkan::discovery();
  if (found.devices.empty()) return {found.unavailable};
  std::vector<std::string> lines;
  for (const vulkan::FoundDevice& device : found.devices) {
    lines.push_back(fmt::format("{}, {}, Vulkan {}", device.id.name, device.driver, device.api_version));
  }
  return lines;
}

}  // namespace plumb
