#include <algorithm>
#include <bit>
#include <cstring>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

enum Input : std::size_t { kValues, kScale, kZeroPoint };

constexpr std::uint32_t kQuantizeSpirv[] =
#include "shaders/quantize_affine.spv.inc"
    ;
constexpr std::uint32_t kDequantizeSpirv[] =
#include "shaders/dequantize_affine.spv.inc"
    ;
constexpr std::uint32_t kQuantizeF64Spirv[] =
#include "shaders/quantize_affine_f64.spv.inc"
    ;
constexpr std::uint32_t kDequantizeF64Spirv[] =
#include "shaders/dequantize_affine_f64.spv.inc"
    ;
constexpr std::uint32_t kQuantizeTinygemmSpirv[] =
#include "shaders/quantize_tinygemm.spv.inc"
    ;
constexpr std::uint32_t kDequantizeTinygemmSpirv[] =
#include "shaders/dequantize_tinygemm.spv.inc"
    ;
constexpr std::uint32_t kChooseSpirv[] =
#include "shaders/choose_qparams.spv.inc"
    ;
constexpr Shader kQuantize{"quantize_affine", kQuantizeSpirv, 3};
constexpr Shader kDequantize{"dequantize_affine", kDequantizeSpirv, 3};
constexpr Shader kQuantizeF64{"quantize_affine_f64", kQuantizeF64Spirv, 3};
constexpr Shader kDequantizeF64{"dequantize_affine_f64", kDequantizeF64Spirv, 3};
constexpr Shader kQuantizeTinygemm{"quantize_tinygemm", kQuantizeTinygemmSpirv, 3};
constexpr Shader kDequantizeTinygemm{"dequantize_tinygemm", kDequantizeTinygemmSpirv, 3};
constexpr Shader kChoose{"choose_qparams", kChooseSpirv, 1};

// Every rounding is prescribed, and done in integers: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

std::uint32_t f32_bits(double value) { return std::bit_cast<std::uint32_t>(static_cast<float>(value)); }

std::uint32_t number_of(DType dtype) { return static_cast<std::uint32_t>(dtype); }

// What torch computes in when elements of both types meet.
DType common_type(DType a, DType b) { return !info(b).is_float || a == b ? a : DType::f32; }

// Runs a shader that makes one word of output `output` an invocation; `sizes` is what it takes beyond the problem's
// shape.
void run(const DeviceId& id, const Shader& shader, const Call& call, std::size_t output, std::vector<StoragePtr> inputs,
         const std::vector<std::uint32_t>& sizes) {
  const auto count = static_cast<std::uint64_t>(call.output_count(output));
  const std::size_t bytes = count * static_cast<std::size_t>(info(call.output_dtype(output)).size_bytes);
  const std::uint64_t words = (bytes + 3) / 4;
  Device& device = Device::at(id);
  const std::uint32_t local_size = device.local_size();
  std::vector<std::uint32_t> all = {static_cast<std::uint32_t>(words),         static_cast<std::uint32_t>(count),
                                    static_cast<std::uint32_t>(call["K"]),     static_cast<std::uint32_t>(call["rows"]),
                                    static_cast<std::uint32_t>(call["group"]), number_of(call.output_dtype(output))};
  all.insert(all.end(), sizes.begin(), sizes.end());
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(all),
                                                        .inputs = std::move(inputs),
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  std::memcpy(call.output<std::byte>(output).data(), result.data(), bytes);
}

std::uint32_t middle_of(const Call& call) {
  return f32_bits(static_cast<double>((call["quant_max"] + call["quant_min"] + 1) / 2));
}

// Types that products with the scale and sums with the zero point are rounded to.
struct Types {
  DType scaling, shifting;
};

void run_affine(const DeviceId& id, const Shader& shader, const Call& call, Types types, bool round_first) {
  if (call.output_count() == 0) return;
  const bool shifted = call.input_count(kZeroPoint) > 0;
  Device& device = Device::at(id);
  // A shader's binding needs a buffer, also where there are no zero points.
  const std::vector<float> shifts = shifted ? call.input_as_f32(kZeroPoint) : std::vector<float>(1);
  run(id, shader, call, 0,
      {device.upload("values", call.input_as_f32(kValues)), device.upload("scale", call.input_as_f32(kScale)),
       device.upload("zero_point", shifts)},
      {number_of(call.input_dtype(kScale)), number_of(types.scaling), number_of(types.shifting), shifted ? 1U : 0U,
       round_first ? 1U : 0U, f32_bits(static_cast<double>(call["quant_min"])),
       f32_bits(static_cast<double>(call["quant_max"])), middle_of(call)});
}

// Scales in f64; the host takes their reciprocals, correctly rounded.
void run_affine_f64(const DeviceId& id, const Shader& shader, const Call& call, bool reciprocal, bool round_first) {
  if (call.output_count() == 0) return;
  const bool shifted = call.input_count(kZeroPoint) > 0;
  Device& device = Device::at(id);
  std::vector<double> scale(static_cast<std::size_t>(call.input_count(kScale)));
  std::memcpy(scale.data(), call.input<std::byte>(kScale).data(), scale.size() * sizeof scale[0]);
  if (reciprocal) std::ranges::transform(scale, scale.begin(), [](double value) { return 1 / value; });
  const std::vector<float> shifts = shifted ? call.input_as_f32(kZeroPoint) : std::vector<float>(1);
  run(id, shader, call, 0,
      {device.upload("values", call.input_as_f32(kValues)), device.upload("scale", scale),
       device.upload("zero_point", shifts)},
      {shifted ? 1U : 0U, round_first ? 1U : 0U, f32_bits(static_cast<double>(call["quant_min"])),
       f32_bits(static_cast<double>(call["quant_max"]))});
}

void run_quantize(const DeviceId& id, const Call& call) {
  if (call.input_dtype(kScale) == DType::f64) {
    return run_affine_f64(id, kQuantizeF64, call, true, call["order"] == 0);
  }
  const DType scaling = common_type(call.input_dtype(kValues), call.input_dtype(kScale));
  const bool shifted = call.input_count(kZeroPoint) > 0;
  const DType shifting = shifted ? common_type(scaling, call.input_dtype(kZeroPoint)) : scaling;
  run_affine(id, kQuantize, call, {scaling, shifting}, call["order"] == 0);
}

void run_dequantize(const DeviceId& id, const Call& call) {
  if (call.input_dtype(kScale) == DType::f64) return run_affine_f64(id, kDequantizeF64, call, false, false);
  const DType out = call.output_dtype();
  run_affine(id, kDequantize, call, {common_type(out, call.input_dtype(kScale)), out}, false);
}

void run_tinygemm(const DeviceId& id, const Shader& shader, const Call& call) {
  const DType type = call.input_dtype(kScale);
  run_affine(id, shader, call, {type, type}, false);
}

// In the shader's order, which is that of choose_qparams_affine's words.
constexpr std::uint32_t kTinygemmMapping = 6;

// The words of `eps` in their order; the first is the smallest normal number of the values' type.
double eps_of(const Call& call) {
  constexpr double kNumbers[] = {0, 1e-6, 1e-5, 0x1p-23};
  const DType type = call.input_dtype(0);
  return call["eps"] == 0 ? min_normal(type) : round_to(type, round_to(DType::f32, kNumbers[call["eps"]]));
}

void run_choose(const DeviceId& id, const Call& call, std::uint32_t mapping, bool preserve_zero) {
  const StoragePtr values = Device::at(id).upload("x", call.input_as_f32(0));
  const auto low = static_cast<double>(call["quant_min"]), high = static_cast<double>(call["quant_max"]);
  for (const std::size_t output : {0U, 1U}) {
    run(id, kChoose, call, output, {values},
        {number_of(call.input_dtype(0)), mapping, preserve_zero ? 1U : 0U, output == 0 ? 1U : 0U, f32_bits(low),
         f32_bits(high), f32_bits(high - low), f32_bits((high - low) / 2), middle_of(call), f32_bits(eps_of(call))});
  }
}

}  // namespace

Kernel quantize_affine_kernel(const DeviceId& device) {
  return {"quantize_affine", kContract, nullptr, [device](const Call& call, void*) { run_quantize(device, call); }};
}

Kernel dequantize_affine_kernel(const DeviceId& device) {
  return {"dequantize_affine", kContract, nullptr, [device](const Call& call, void*) { run_dequantize(device, call); }};
}

Kernel quantize_tinygemm_kernel(const DeviceId& device) {
  return {"quantize_tinygemm", kContract, nullptr,
          [device](const Call& call, void*) { run_tinygemm(device, kQuantizeTinygemm, call); }};
}

Kernel dequantize_tinygemm_kernel(const DeviceId& device) {
  return {"dequantize_tinygemm", kContract, nullptr,
          [device](const Call& call, void*) { run_tinygemm(device, kDequantizeTinygemm, call); }};
}

Kernel choose_qparams_affine_kernel(const DeviceId& device) {
  return {"choose_qparams_affine", kContract, nullptr, [device](const Call& call, void*) {
            run_choose(device, call, static_cast<std::uint32_t>(call["mapping"]), call["preserve_zero"] != 0);
          }};
}

Kernel choose_qparams_tinygemm_kernel(const DeviceId& device) {
  return {"choose_qparams_tinygemm", kContract, nullptr,
          [device](const Call& call, void*) { run_choose(device, call, kTinygemmMapping, false); }};
}

}  // namespace plumb::vulkan
