#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/pack_uintx.spv.inc"
    ;
constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/unpack_uintx.spv.inc"
    ;
constexpr Shader kPack{"pack_uintx", kPackSpirv, 1};
constexpr Shader kUnpack{"unpack_uintx", kUnpackSpirv, 3};

// Bytes of an eighth of the packed dimension, which is contiguous.
std::uint32_t unit_of(const Call& call) { return static_cast<std::uint32_t>(call["n"] / 8 * call["inner"]); }

// One shard after the other, the widest, with the lowest bits, first.
void run_pack(const DeviceId& id, const Call& call) {
  if (call.input_count(0) == 0) return;
  Device& device = Device::at(id);
  const StoragePtr codes = upload_bytes(device, "codes", call.input<std::byte>(0));
  std::uint32_t below = 0;
  for (std::size_t shard = 0; shard < 3; ++shard) {
    if (call.output_count(shard) == 0) continue;
    const std::uint32_t width = 4U >> shard;
    const auto bytes = static_cast<std::uint32_t>(call.output_count(shard));
    run_per_word(device, kPack, call, shard, {codes}, {bytes, unit_of(call), width, below});
    below += width;
  }
}

void run_unpack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  std::vector<StoragePtr> shards;
  for (std::size_t i = 0; i < 3; ++i) shards.push_back(upload_bytes(device, "shard", call.input<std::byte>(i)));
  run_per_word(
      device, kUnpack, call, 0, std::move(shards),
      {static_cast<std::uint32_t>(call.output_count()), unit_of(call), static_cast<std::uint32_t>(call["bits"])});
}

}  // namespace

Kernel pack_uintx_kernel(const DeviceId& device) {
  return {"pack_uintx", kExactContract, nullptr, [device](const Call& call, void*) { run_pack(device, call); }};
}

Kernel unpack_uintx_kernel(const DeviceId& device) {
  return {"unpack_uintx", kExactContract, nullptr, [device](const Call& call, void*) { run_unpack(device, call); }};
}

}  // namespace plumb::vulkan
