#include "impls/vulkan/device.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>

#include "impls/vulkan/instance.h"
#include "impls/vulkan/program.h"
#include "impls/vulkan/red_zone.h"
#include "impls/vulkan/storage.h"

namespace plumb::vulkan {
namespace {

using Access = vk::AccessFlagBits;
using Stage = vk::PipelineStageFlagBits;

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "1";
}

vk::raii::PhysicalDevice physical_device(const Instance& instance, const DeviceId& id) {
  vk::raii::PhysicalDevices devices(*instance);
  if (id.index < devices.size() && std::string_view(devices[id.index].getProperties().deviceName) == id.name) {
    return std::move(devices[id.index]);
  }
  throw DeviceError(fmt::format("Vulkan device {} is no longer '{}'", id.index, id.name));
}

// A device of Vulkan 1.3 has it without the extension too; asked for as 1.1, which is what we ask for, it needs it.
bool offers_integer_dot_product(const vk::raii::PhysicalDevice& physical) {
  const auto extensions = physical.enumerateDeviceExtensionProperties();
  const bool listed = std::ranges::any_of(extensions, [](const vk::ExtensionProperties& extension) {
    return std::string_view(extension.extensionName) == VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
  });
  if (!listed) return false;
  const auto features =
      physical.getFeatures2<vk::PhysicalDeviceFeatures2, vk::PhysicalDeviceShaderIntegerDotProductFeatures>();
  return features.get<vk::PhysicalDeviceShaderIntegerDotProductFeatures>().shaderIntegerDotProduct == VK_TRUE;
}

vk::raii::Device open(const vk::raii::PhysicalDevice& physical, std::uint32_t family, bool integer_dot_product) {
  const float priority = 1;
  const vk::DeviceQueueCreateInfo queue({}, family, 1, &priority);
  const vk::PhysicalDeviceShaderIntegerDotProductFeatures dot_product(VK_TRUE);
  std::vector<const char*> extensions;
  if (integer_dot_product) extensions.push_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
  vk::DeviceCreateInfo device({}, queue, nullptr, extensions);
  if (integer_dot_product) device.pNext = &dot_product;
  return {physical, device};
}

vk::raii::CommandBuffer make_commands(const vk::raii::Device& device, const vk::raii::CommandPool& pool) {
  vk::raii::CommandBuffers buffers(device, {*pool, vk::CommandBufferLevel::ePrimary, 1});
  return std::move(buffers.front());
}

void barrier(const vk::raii::CommandBuffer& commands, vk::PipelineStageFlags from, vk::AccessFlags written,
             vk::PipelineStageFlags to, vk::AccessFlags used) {
  commands.pipelineBarrier(from, to, {}, vk::MemoryBarrier(written, used), nullptr, nullptr);
}

std::span<std::uint32_t> words_of(const Storage& storage) {
  return {reinterpret_cast<std::uint32_t*>(storage.mapped()), storage.size_bytes() / 4};
}

}  // namespace

DeviceOptions DeviceOptions::from_environment() {
  return {.validation = is_set("PLUMB_VULKAN_VALIDATION"), .force_staging = is_set("PLUMB_VULKAN_STAGING")};
}

// One command buffer and one fence: every submission is waited for before the next.
class Device::Impl {
 public:
  Impl(const DeviceId& id, DeviceOptions options)
      : instance_(options.validation),
        physical_(physical_device(instance_, id)),
        limits_(physical_.getProperties().limits),
        family_(static_cast<std::uint32_t>(compute_queue_family(physical_))),
        integer_dot_product_(offers_integer_dot_product(physical_)),
        device_(open(physical_, family_, integer_dot_product_)),
        queue_(device_, family_, 0),
        allocator_(physical_, device_, options.force_staging),
        pool_(device_, {vk::CommandPoolCreateFlagBits::eResetCommandBuffer, family_}),
        commands_(make_commands(device_, pool_)),
        fence_(device_, vk::FenceCreateInfo()),
        name_(id.name) {
    instance_.complaints().throw_if_any();
  }

  std::uint32_t local_size() const {
    return std::min({256U, limits_.maxComputeWorkGroupInvocations, limits_.maxComputeWorkGroupSize[0]});
  }

  // One call from outside at a time; a complaint of the validation layer outranks what else went wrong.
  template <typename Body>
  auto guarded(Body body) {
    const std::lock_guard lock(mutex_);
    if (hung_) throw DeviceError(fmt::format("{} hung before and is not used any more", name_));
    return translated([&] {
      try {
        auto result = body();
        instance_.complaints().throw_if_any();
        return result;
      } catch (...) {
        if (!hung_) programs_.clear();  // one that was complained about must not be found made next time
        instance_.complaints().throw_if_any();
        throw;
      }
    });
  }

  StoragePtr upload(std::string_view what, std::span<const std::byte> bytes) {
    StoragePtr storage = new_storage(what, guarded_words(bytes.size()));
    write(storage, [&](std::span<std::uint32_t> words) { copy_guarded(bytes, words); });
    return storage;
  }

  std::vector<std::uint32_t> run(const Dispatch& dispatch) {
    const StoragePtr output = new_storage("output", zoned_words(dispatch.output_words));
    write(output, poison);
    Program& program = program_of(dispatch);
    std::vector<vk::Buffer> buffers{output->buffer()};
    for (const StoragePtr& input : dispatch.inputs) buffers.push_back(input->buffer());
    program.bind(device_, buffers);
    in_flight_ = dispatch.inputs;
    in_flight_.push_back(output);
    const auto [x, y] = grid(dispatch.groups);
    submit(dispatch.timeout_ms, [&] {
      program.record(commands_, dispatch.sizes, x, y);
      barrier(commands_, Stage::eComputeShader, Access::eShaderWrite, Stage::eHost | Stage::eTransfer,
              Access::eHostRead | Access::eTransferRead);
    });
    return read(output);
  }

  bool is_hung() const { return hung_; }
  bool has_integer_dot_product() const { return integer_dot_product_; }

 private:
  StoragePtr new_storage(std::string_view what, std::uint64_t words) const {
    const std::uint64_t bytes = words * 4;
    if (bytes <= limits_.maxStorageBufferRange) return allocator_.for_shaders(bytes);
    throw DeviceError(fmt::format("{}: {} bytes, but a storage buffer of {} has at most {}", what, bytes, name_,
                                  limits_.maxStorageBufferRange));
  }

  // Work groups in two dimensions, so that their limits (at least 65535 each) do not bind.
  std::pair<std::uint32_t, std::uint32_t> grid(std::uint64_t groups) const {
    const std::uint64_t most_x = limits_.maxComputeWorkGroupCount[0], most_y = limits_.maxComputeWorkGroupCount[1];
    const std::uint64_t y = (groups + most_x - 1) / most_x;
    if (y > most_y) throw DeviceError(fmt::format("{} work groups are more than {} has", groups, name_));
    return {static_cast<std::uint32_t>((groups + y - 1) / y), static_cast<std::uint32_t>(y)};
  }

  Program& program_of(const Dispatch& dispatch) {
    const auto key = std::make_tuple(std::string(dispatch.shader->name), dispatch.constants, dispatch.sizes.size());
    const auto found = programs_.find(key);
    if (found != programs_.end()) return found->second;
    return programs_.try_emplace(key, device_, *dispatch.shader, dispatch.constants, dispatch.sizes.size())
        .first->second;
  }

  // Lets `fill` write the words of a buffer, through a staging buffer if the host cannot see it.
  template <typename Fill>
  void write(const StoragePtr& storage, Fill fill) {
    const StoragePtr visible = storage->mapped() != nullptr ? storage : allocator_.for_staging(storage->size_bytes());
    fill(words_of(*visible));
    visible->flush();
    if (visible == storage) return;  // a submission makes earlier host writes visible to the device
    in_flight_ = {storage, visible};
    submit(kCopyTimeoutMs, [&] {
      commands_.copyBuffer(visible->buffer(), storage->buffer(), vk::BufferCopy(0, 0, storage->size_bytes()));
      barrier(commands_, Stage::eTransfer, Access::eTransferWrite, Stage::eComputeShader,
              Access::eShaderRead | Access::eShaderWrite);
    });
  }

  std::vector<std::uint32_t> read(const StoragePtr& output) {
    StoragePtr visible = output;
    if (output->mapped() == nullptr) {
      visible = allocator_.for_staging(output->size_bytes());
      in_flight_ = {output, visible};
      submit(kCopyTimeoutMs, [&] {
        commands_.copyBuffer(output->buffer(), visible->buffer(), vk::BufferCopy(0, 0, output->size_bytes()));
        barrier(commands_, Stage::eTransfer, Access::eTransferWrite, Stage::eHost, Access::eHostRead);
      });
    }
    visible->invalidate();
    return without_zones(words_of(*visible));
  }

  template <typename Record>
  void submit(int timeout_ms, Record record) {
    commands_.reset();  // also from a recording that an exception cut short
    commands_.begin({vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
    record();
    commands_.end();
    instance_.complaints().throw_if_any();  // rather than submit what is known to be wrong
    queue_.submit(vk::SubmitInfo(nullptr, nullptr, *commands_), *fence_);
    const auto timeout_ns = static_cast<std::uint64_t>(timeout_ms) * 1'000'000;
    if (device_.waitForFences(*fence_, VK_TRUE, timeout_ns) == vk::Result::eTimeout) {
      hung_ = true;  // in_flight_ keeps alive what the device may still use
      throw DeviceError(fmt::format("{} did not finish within {} ms", name_, timeout_ms));
    }
    device_.resetFences(*fence_);
    in_flight_.clear();
  }

  static constexpr int kCopyTimeoutMs = 60'000;

  std::mutex mutex_;
  Instance instance_;
  vk::raii::PhysicalDevice physical_;
  vk::PhysicalDeviceLimits limits_;
  std::uint32_t family_;
  bool integer_dot_product_;
  vk::raii::Device device_;
  vk::raii::Queue queue_;
  Allocator allocator_;
  vk::raii::CommandPool pool_;
  vk::raii::CommandBuffer commands_;
  vk::raii::Fence fence_;
  std::string name_;
  std::map<std::tuple<std::string, std::vector<std::uint32_t>, std::size_t>, Program> programs_;
  std::vector<StoragePtr> in_flight_;
  bool hung_ = false;
};

namespace {

// Devices opened by this process; `owner` tells it from a fork of it.
struct Opened {
  std::unique_ptr<Device> device;
  pid_t owner;
};

}  // namespace

Device& Device::at(const DeviceId& id) {
  static std::mutex mutex;
  // Never destroyed: at exit, drivers' own threads and static objects are going away, in an order nobody defines.
  static auto& opened = *new std::map<std::size_t, Opened>;
  const std::lock_guard lock(mutex);
  auto found = opened.find(id.index);
  if (found == opened.end()) {
    auto device = std::make_unique<Device>(id, DeviceOptions::from_environment());
    found = opened.emplace(id.index, Opened{std::move(device), getpid()}).first;
  }
  if (found->second.owner == getpid()) return *found->second.device;
  throw DeviceError(fmt::format("{} was opened before this process was forked", id.name));
}

Device::Device(const DeviceId& id, DeviceOptions options)
    : impl_(translated([&] { return std::make_unique<Impl>(id, options); })) {}

Device::~Device() {
  // What a hung device still works on can be neither freed nor waited for; the list keeps it in sight of leak checkers.
  static auto& hung = *new std::vector<std::unique_ptr<Impl>>;
  if (impl_->is_hung()) hung.push_back(std::move(impl_));
}

std::uint32_t Device::local_size() const { return impl_->local_size(); }

bool Device::has_integer_dot_product() const { return impl_->has_integer_dot_product(); }

StoragePtr Device::upload(std::string_view what, std::span<const std::byte> bytes) {
  return impl_->guarded([&] { return impl_->upload(what, bytes); });
}

std::vector<std::uint32_t> Device::run(const Dispatch& dispatch) {
  return impl_->guarded([&] { return impl_->run(dispatch); });
}

}  // namespace plumb::vulkan
