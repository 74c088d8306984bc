#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/slice_rows.spv.inc"
    ;
constexpr Shader kShader{"slice_rows", kSpirv, 1};

// Output `place` from the input of the same place, whose rows are cut into pieces of `group` columns each.
void cut(const DeviceId& id, const Call& call, std::size_t place, std::int64_t group) {
  if (call.output_count(place) == 0) return;
  const std::int64_t bytes = info(call.output_dtype(place)).size_bytes;
  const std::int64_t width = call["K"] / group * bytes, part = call["columns"] / group * bytes;
  Device& device = Device::at(id);
  run_per_word(device, kShader, call, place, {upload_input(device, call, place)},
               {word_of(call.output_count(place) * bytes), word_of(part), word_of(width),
                word_of(call["first_row"] * width + call["first_column"] / group * bytes)});
}

}  // namespace

Kernel slice_groups_kernel(const DeviceId& id) {
  return {"slice_groups", kExactContract, nullptr, [id](const Call& call, void*) {
            cut(id, call, 0, 1);
            cut(id, call, 1, call["block"]);
            cut(id, call, 2, call["block"]);
          }};
}

}  // namespace plumb::vulkan
