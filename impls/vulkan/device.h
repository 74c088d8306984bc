// A Vulkan device, as kernels see it: upload buffers, run a shader, get its output. vulkan.hpp stays out of this
// header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace plumb::vulkan {

/// Which device of this machine: its position in the driver's list, and its name, to notice if the list has changed.
struct DeviceId {
  std::size_t index = 0;
  std::string name = {};
};

/// A compiled compute shader. Binding 0 is its output, bindings 1 … are its inputs; all are arrays of 32-bit words, and
/// sizes come as push constants. constant_id 0 is the word at which the output begins (shaders/grid.glsl).
struct Shader {
  const char* name;
  std::span<const std::uint32_t> spirv;
  std::uint32_t input_count;
};

/// Memory on a device; opaque here.
class Storage;
using StoragePtr = std::shared_ptr<const Storage>;

/// One run of a shader.
struct Dispatch {
  const Shader* shader;
  std::vector<std::uint32_t> constants;  ///< constant_id 1, 2, …; local_size_x is 1 and local_size_y 2 by convention.
  std::vector<std::uint32_t> sizes;      ///< Push constants.
  std::vector<StoragePtr> inputs;
  std::uint64_t groups;        ///< Work groups in all, at least 1. group_number() of grid.glsl counts them.
  std::uint64_t output_words;  ///< At least 1.
  int timeout_ms = 60'000;
};

/// What to switch on when a device is opened.
struct DeviceOptions {
  bool validation = false;     ///< The Khronos validation layer; its first complaint makes the current call throw.
  bool force_staging = false;  ///< Treat device memory as invisible to the host, to test the copies this needs.
  /// From PLUMB_VULKAN_VALIDATION=1 and PLUMB_VULKAN_STAGING=1.
  [[nodiscard]] static DeviceOptions from_environment();
};

/// An open device with one compute queue. Members may be called from several threads; they take turns.
///
/// Trouble is thrown as DeviceError (driver, validation layer, time limit, a tensor too large for the device) or
/// std::bad_alloc (out of memory). After a time limit has passed the device is refused for the rest of the process.
class Device {
 public:
  /// The device of this process, opened at first use with options from the environment. Throws DeviceError if the
  /// process was forked after that first use: a driver's threads do not survive it.
  [[nodiscard]] static Device& at(const DeviceId& id);

  Device(const DeviceId& id, DeviceOptions options);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Work-group size for shaders of independent elements: within the device's limits.
  [[nodiscard]] std::uint32_t local_size() const;
  /// Whether shaders may use the instructions of SPV_KHR_integer_dot_product.
  [[nodiscard]] bool has_integer_dot_product() const;

  /// A device copy of `bytes`, zero-padded to whole words and followed by a poisoned zone, so that reading past its end
  /// shows. `what` names it in messages.
  [[nodiscard]] StoragePtr upload(std::string_view what, std::span<const std::byte> bytes);
  template <typename T>
  [[nodiscard]] StoragePtr upload(std::string_view what, const std::vector<T>& values) {
    return upload(what, std::as_bytes(std::span(values)));
  }

  /// Runs a shader and returns its output. The output lies between two poisoned zones, both inside the range that the
  /// shader can address; throws std::runtime_error if one was written to. Words that the shader leaves unwritten come
  /// back as the poison, kPoison.
  [[nodiscard]] std::vector<std::uint32_t> run(const Dispatch& dispatch);

  /// A NaN as f32, and unlikely codes.
  static constexpr std::uint32_t kPoison = 0xffc0a5a5;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::vulkan
