#include "impls/vulkan/aten_rows.h"

#include <bit>

#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/aten_rows.spv.inc"
    ;
constexpr Shader kShader{"aten_rows", kSpirv, 1};
constexpr std::uint32_t kLocal = 64;  // a power of two, for the fold

}  // namespace

std::vector<float> aten_quantised_rows(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const std::vector<std::uint32_t> bits = device.run({.shader = &kShader,
                                                      .constants = {kLocal},
                                                      .sizes = {word_of(call["M"]), word_of(call["K"])},
                                                      .inputs = {device.upload("x", call.input_as_f32(0))},
                                                      .groups = static_cast<std::uint64_t>(call["M"]),
                                                      .output_words = static_cast<std::uint64_t>(call.input_count(0))});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  return values;
}

}  // namespace plumb::vulkan
