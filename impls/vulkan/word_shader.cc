#include "impls/vulkan/word_shader.h"

#include <algorithm>
#include <cstring>

namespace plumb::vulkan {

StoragePtr upload_bytes(Device& device, std::string_view what, std::span<const std::byte> bytes, std::size_t multiple) {
  std::vector<std::byte> padded(bytes.begin(), bytes.end());
  padded.resize(std::max<std::size_t>((padded.size() + multiple - 1) / multiple, 1) * multiple);
  return device.upload(what, padded);
}

void run_per_word(Device& device, const Shader& shader, const Call& call, std::size_t output,
                  std::vector<StoragePtr> inputs, std::vector<std::uint32_t> sizes) {
  const auto element_bytes = static_cast<std::size_t>(info(call.output_dtype(output)).size_bytes);
  const std::size_t bytes = static_cast<std::size_t>(call.output_count(output)) * element_bytes;
  const std::uint64_t words = (bytes + 3) / 4;
  const std::uint32_t local_size = device.local_size();
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(words));
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(sizes),
                                                        .inputs = std::move(inputs),
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  std::memcpy(call.output<std::byte>(output).data(), result.data(), bytes);
}

std::span<const std::byte> bytes_of_input(const Call& call, std::size_t input) {
  const auto element_bytes = static_cast<std::size_t>(info(call.input_dtype(input)).size_bytes);
  const std::span<const std::byte> elements = call.input<std::byte>(input);
  return {elements.data(), elements.size() * element_bytes};
}

}  // namespace plumb::vulkan
