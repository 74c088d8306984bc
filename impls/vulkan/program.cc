#include "impls/vulkan/program.h"

#include "impls/vulkan/red_zone.h"

namespace plumb::vulkan {
namespace {

constexpr auto kStage = vk::ShaderStageFlagBits::eCompute;
constexpr auto kBuffer = vk::DescriptorType::eStorageBuffer;

vk::raii::DescriptorSetLayout make_set_layout(const vk::raii::Device& device, std::uint32_t count) {
  std::vector<vk::DescriptorSetLayoutBinding> bindings;
  for (std::uint32_t i = 0; i < count; ++i) bindings.emplace_back(i, kBuffer, 1, kStage);
  return {device, vk::DescriptorSetLayoutCreateInfo({}, bindings)};
}

vk::raii::PipelineLayout make_layout(const vk::raii::Device& device, const vk::raii::DescriptorSetLayout& set,
                                     std::size_t size_count) {
  const vk::PushConstantRange sizes(kStage, 0, static_cast<std::uint32_t>(size_count * sizeof(std::uint32_t)));
  return {device, vk::PipelineLayoutCreateInfo({}, *set, sizes)};
}

vk::raii::Pipeline make_pipeline(const vk::raii::Device& device, const Shader& shader,
                                 std::vector<std::uint32_t> values, const vk::raii::PipelineLayout& layout) {
  const vk::raii::ShaderModule module(device,
                                      vk::ShaderModuleCreateInfo({}, shader.spirv.size_bytes(), shader.spirv.data()));
  values.insert(values.begin(), kZoneWords);  // constant_id 0: where the output begins
  std::vector<vk::SpecializationMapEntry> entries;
  for (std::uint32_t id = 0; id < values.size(); ++id) entries.emplace_back(id, id * 4, sizeof values[id]);
  const vk::SpecializationInfo constants(static_cast<std::uint32_t>(entries.size()), entries.data(), values.size() * 4,
                                         values.data());
  const vk::PipelineShaderStageCreateInfo stage({}, kStage, *module, "main", &constants);
  return {device, nullptr, vk::ComputePipelineCreateInfo({}, stage, *layout)};
}

vk::raii::DescriptorPool make_pool(const vk::raii::Device& device, std::uint32_t count) {
  const vk::DescriptorPoolSize size(kBuffer, count);
  return {device, vk::DescriptorPoolCreateInfo(vk::DescriptorPoolCreateFlagBits::eFreeDescriptorSet, 1, size)};
}

vk::raii::DescriptorSet make_set(const vk::raii::Device& device, const vk::raii::DescriptorPool& pool,
                                 const vk::raii::DescriptorSetLayout& layout) {
  vk::raii::DescriptorSets sets(device, vk::DescriptorSetAllocateInfo(*pool, *layout));
  return std::move(sets.front());
}

}  // namespace

Program::Program(const vk::raii::Device& device, const Shader& shader, const std::vector<std::uint32_t>& constants,
                 std::size_t size_count)
    : set_layout_(make_set_layout(device, shader.input_count + 1)),
      layout_(make_layout(device, set_layout_, size_count)),
      pipeline_(make_pipeline(device, shader, constants, layout_)),
      pool_(make_pool(device, shader.input_count + 1)),
      set_(make_set(device, pool_, set_layout_)) {}

void Program::bind(const vk::raii::Device& device, std::span<const vk::Buffer> buffers) {
  std::vector<vk::DescriptorBufferInfo> infos;
  for (const vk::Buffer buffer : buffers) infos.emplace_back(buffer, 0, VK_WHOLE_SIZE);
  std::vector<vk::WriteDescriptorSet> writes;
  for (std::uint32_t i = 0; i < infos.size(); ++i) writes.emplace_back(*set_, i, 0, 1, kBuffer, nullptr, &infos[i]);
  device.updateDescriptorSets(writes, nullptr);
}

void Program::record(const vk::raii::CommandBuffer& commands, const std::vector<std::uint32_t>& sizes, std::uint32_t x,
                     std::uint32_t y) const {
  commands.bindPipeline(vk::PipelineBindPoint::eCompute, *pipeline_);
  commands.bindDescriptorSets(vk::PipelineBindPoint::eCompute, *layout_, 0, *set_, nullptr);
  commands.pushConstants<std::uint32_t>(*layout_, kStage, 0, sizes);
  commands.dispatch(x, y, 1);
}

}  // namespace plumb::vulkan
