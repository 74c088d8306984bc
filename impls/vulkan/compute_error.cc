// compute_error: work groups sum squares of pieces, and the host puts them together.
#include <bit>

#include "impls/decibels.h"
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/square_sums.spv.inc"
    ;
constexpr Shader kShader{"square_sums", kSpirv, 2};
constexpr std::uint32_t kLocal = 64;           // a power of two, for the fold
constexpr std::uint64_t kPiece = 64 * kLocal;  // elements of a work group

const char* unsupported(const Call& call) {
  return call.output_dtype() == DType::f64 ? "sums of f64 need more than Vulkan 1.1 asks of devices" : nullptr;
}

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const std::uint64_t pieces = (static_cast<std::uint64_t>(call.input_count(0)) + kPiece - 1) / kPiece;
  const std::vector<std::uint32_t> words =
      device.run({.shader = &kShader,
                  .constants = {kLocal},
                  .sizes = {word_of(call.input_count(0)), static_cast<std::uint32_t>(kPiece),
                            static_cast<std::uint32_t>(call.output_dtype())},
                  .inputs = {device.upload("x", call.input_as_f32(0)), device.upload("y", call.input_as_f32(1))},
                  .groups = pieces,
                  .output_words = 2 * pieces});
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    signal += static_cast<double>(std::bit_cast<float>(words[i]));
    noise += static_cast<double>(std::bit_cast<float>(words[i + 1]));
  }
  store_decibels(call, signal, noise);
}

}  // namespace

Kernel compute_error_kernel(const DeviceId& device) {
  return {"compute_error", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); },
          unsupported};
}

}  // namespace plumb::vulkan
