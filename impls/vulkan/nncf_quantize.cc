#include "impls/vulkan/elements.h"
#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kGridSpirv[] =
#include "shaders/nncf_grid.spv.inc"
    ;
constexpr std::uint32_t kCodesSpirv[] =
#include "shaders/nncf_codes.spv.inc"
    ;
constexpr std::uint32_t kDequantizeSpirv[] =
#include "shaders/nncf_dequantize.spv.inc"
    ;
constexpr Shader kGridShader{"nncf_grid", kGridSpirv, 1};
constexpr Shader kCodesShader{"nncf_codes", kCodesSpirv, 3};
constexpr Shader kDequantizeShader{"nncf_dequantize", kDequantizeSpirv, 3};

// Every rounding is done in integers: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

enum Output : std::size_t { kCodes, kScale, kZeroPoint, kDequantized };

// What an earlier shader made, for the next one.
StoragePtr upload_output(Device& device, const Call& call, Output output) {
  const auto size = static_cast<std::size_t>(call.output_count(output) * info(call.output_dtype(output)).size_bytes);
  return device.upload(call.op().outputs[output].name, {call.output<std::byte>(output).data(), size});
}

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const bool asymmetric = call.output_dtype(kCodes) == DType::u8;
  const auto sizes = [&](std::uint32_t part) {
    return std::vector<std::uint32_t>{static_cast<std::uint32_t>(call.input_count(0)),
                                      static_cast<std::uint32_t>(call["group"]),
                                      static_cast<std::uint32_t>(call["inner"]),
                                      static_cast<std::uint32_t>(call["bits"]),
                                      asymmetric ? 1U : 0U,
                                      part};
  };
  const StoragePtr weight = device.upload("weight", call.input_as_f32(0));
  run_to_output(device, kGridShader, call, kScale, sizes(0), {weight});
  if (asymmetric) run_to_output(device, kGridShader, call, kZeroPoint, sizes(1), {weight});
  const StoragePtr scales = upload_output(device, call, kScale);
  const StoragePtr zero_points = asymmetric ? upload_output(device, call, kZeroPoint)
                                            : device.upload("no zero points", std::vector<std::uint32_t>{0});
  run_to_output(device, kCodesShader, call, kCodes, sizes(0), {weight, scales, zero_points});
  run_to_output(device, kDequantizeShader, call, kDequantized, sizes(0),
                {upload_output(device, call, kCodes), scales, zero_points});
}

}  // namespace

Kernel nncf_quantize_kernel(const DeviceId& device) {
  return {"nncf_quantize", kContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
