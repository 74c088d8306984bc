#include "impls/vulkan/words.h"

#include <cstring>

namespace plumb::vulkan {

StoragePtr upload_input(Device& device, const Call& call, std::size_t input) {
  const auto size = static_cast<std::size_t>(call.input_count(input) * info(call.input_dtype(input)).size_bytes);
  return device.upload(call.op().inputs[input].name, {call.input<std::byte>(input).data(), size});
}

void run_words(Device& device, const Shader& shader, const Call& call, std::vector<StoragePtr> inputs,
               std::vector<std::uint32_t> sizes) {
  const auto bytes = static_cast<std::size_t>(call.output_count() * info(call.output_dtype()).size_bytes);
  if (bytes == 0) return;
  const std::uint64_t words = (bytes + 3) / 4;
  const std::uint32_t local_size = device.local_size();
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(words));
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(sizes),
                                                        .inputs = std::move(inputs),
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  std::memcpy(call.output<std::byte>().data(), result.data(), bytes);
}

}  // namespace plumb::vulkan
