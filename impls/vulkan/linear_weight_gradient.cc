#include <bit>

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/linear_weight_gradient.spv.inc"
    ;
constexpr Shader kShader{"linear_weight_gradient", kSpirv, 2};

// Work groups of 64 invocations, each of which makes kEach x kEach elements, and tiles of 4 KiB of shared memory.
constexpr std::uint32_t kLocal = 8, kEach = 4;
constexpr std::uint64_t kTile = kLocal * kEach;

// A product is rounded (1) and takes part in M sums.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 1,
                                   .flushes_subnormals = 1,
                                   .deterministic = 1};

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const auto tiles = [&](const char* size) { return (static_cast<std::uint64_t>(call[size]) + kTile - 1) / kTile; };
  const std::vector<std::uint32_t> bits =
      device.run({.shader = &kShader,
                  .constants = {kLocal, kLocal},
                  .sizes = {word_of(call["M"]), word_of(call["N"]), word_of(call["K"])},
                  .inputs = {device.upload("d_out", call.input_as_f32(0)), device.upload("x", call.input_as_f32(1))},
                  .groups = tiles("N") * tiles("K"),
                  .output_words = static_cast<std::uint64_t>(call.output_count())});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  call.store_f32(values);
}

}  // namespace

Kernel linear_weight_gradient_kernel(const DeviceId& device) {
  return {"linear_weight_gradient", kContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
