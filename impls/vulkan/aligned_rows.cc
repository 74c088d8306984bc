// align_width and transpose_scales_aligned: both gather elements by two strides and pad rows with zeros.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/padded_gather.spv.inc"
    ;
constexpr Shader kShader{"padded_gather", kSpirv, 1};

// Element (row, column) of the output is input element row * row_stride + column * column_stride, or 0 if
// column >= columns.
struct Gather {
  std::int64_t columns, row_stride, column_stride;
};

void run(const DeviceId& id, const Call& call, const Gather& gather) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const std::int64_t align = call["align"], width = (gather.columns + align - 1) / align * align;
  run_per_word(device, kShader, call, 0, {upload_input(device, call, 0)},
               {word_of(call.output_count()), word_of(info(call.input_dtype(0)).size_bytes), word_of(width),
                word_of(gather.columns), word_of(gather.row_stride), word_of(gather.column_stride)});
}

}  // namespace

Kernel align_width_kernel(const DeviceId& device) {
  return {"align_width", kExactContract, nullptr, [device](const Call& call, void*) {
            run(device, call, {call["K"], call["K"], 1});
          }};
}

Kernel transpose_scales_aligned_kernel(const DeviceId& device) {
  return {"transpose_scales_aligned", kExactContract, nullptr, [device](const Call& call, void*) {
            run(device, call, {call["N"], 1, call["G"]});
          }};
}

}  // namespace plumb::vulkan
