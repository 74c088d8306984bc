// A shader made ready to run: pipeline, its layout, and one descriptor set.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "impls/vulkan/device.h"
#include "impls/vulkan/hpp.h"

namespace plumb::vulkan {

/// A compute pipeline of a shader with given constants. It has one descriptor set, so one run of it may be under way at
/// a time.
class Program {
 public:
  Program(const vk::raii::Device& device, const Shader& shader, const std::vector<std::uint32_t>& constants,
          std::size_t size_count);

  /// Points binding 0 … at whole buffers. Not while a run is under way.
  void bind(const vk::raii::Device& device, std::span<const vk::Buffer> buffers);
  /// Records a run of x by y work groups.
  void record(const vk::raii::CommandBuffer& commands, const std::vector<std::uint32_t>& sizes, std::uint32_t x,
              std::uint32_t y) const;

 private:
  vk::raii::DescriptorSetLayout set_layout_;
  vk::raii::PipelineLayout layout_;
  vk::raii::Pipeline pipeline_;
  vk::raii::DescriptorPool pool_;
  vk::raii::DescriptorSet set_;
};

}  // namespace plumb::vulkan
