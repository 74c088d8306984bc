// Runs of shaders whose invocations each make one word of output, of elements of any size.
#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include "impls/builtin.h"
#include "impls/vulkan/device.h"

namespace plumb::vulkan {

/// Words that hold `count` elements of a type.
[[nodiscard]] inline std::uint64_t words_of(DType dtype, std::int64_t count) {
  return (static_cast<std::uint64_t>(count * info(dtype).size_bytes) + 3) / 4;
}

/// Runs `shader` with one invocation per word of output number `output`, and stores the result there. The first push
/// constant is the number of words, `sizes` follow. Words may reach beyond the output's last byte; that rest is
/// dropped. Nothing to do for an empty output.
inline void run_to_output(Device& device, const Shader& shader, const Call& call, std::size_t output,
                          std::vector<std::uint32_t> sizes, std::vector<StoragePtr> inputs) {
  if (call.output_count(output) == 0) return;
  const std::uint64_t words = words_of(call.output_dtype(output), call.output_count(output));
  const std::uint32_t local_size = device.local_size();
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(words));
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(sizes),
                                                        .inputs = std::move(inputs),
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  const auto bytes = static_cast<std::size_t>(call.output_count(output) * info(call.output_dtype(output)).size_bytes);
  std::memcpy(call.output<std::byte>(output).data(), result.data(), bytes);
}

/// The bytes of an input on the device, as they are.
[[nodiscard]] inline StoragePtr upload_input(Device& device, const Call& call, std::size_t input) {
  const auto size = static_cast<std::size_t>(call.input_count(input) * info(call.input_dtype(input)).size_bytes);
  return device.upload(call.op().inputs[input].name, {call.input<std::byte>(input).data(), size});
}

}  // namespace plumb::vulkan
