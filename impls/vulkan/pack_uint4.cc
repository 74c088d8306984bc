#include <cstring>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/pack_uint4.spv.inc"
    ;
constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/unpack_uint4.spv.inc"
    ;
constexpr Shader kPack{"pack_uint4", kPackSpirv, 1};
constexpr Shader kUnpack{"unpack_uint4", kUnpackSpirv, 1};

// Bytes are moved and nothing is rounded: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

// Runs `shader` over the call's bytes, one invocation per word of output. Words may reach beyond the output's last
// byte; that rest is dropped.
void run_on_bytes(Device& device, const Shader& shader, std::vector<std::byte> input, const Call& call,
                  std::vector<std::uint32_t> sizes) {
  const auto bytes = static_cast<std::size_t>(call.output_count());
  const std::uint64_t words = (bytes + 3) / 4;
  const std::uint32_t local_size = device.local_size();
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(words));
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(sizes),
                                                        .inputs = {device.upload("input", input)},
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  std::memcpy(call.output<std::byte>().data(), result.data(), bytes);
}

void run_pack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  const auto codes = call.input<std::byte>(0);
  std::vector<std::byte> input(codes.begin(), codes.end());
  input.resize((input.size() + 7) / 8 * 8);  // two words for each word of output
  run_on_bytes(Device::at(id), kPack, std::move(input), call, {});
}

void run_unpack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  const auto packed = call.input<std::byte>(0);
  const std::uint32_t is_signed = call.input_dtype(0) == DType::i8 ? 1 : 0;
  run_on_bytes(Device::at(id), kUnpack, {packed.begin(), packed.end()}, call, {is_signed});
}

}  // namespace

Kernel pack_uint4_kernel(const DeviceId& device) {
  return {"pack_uint4", kContract, nullptr, [device](const Call& call, void*) { run_pack(device, call); }};
}

Kernel unpack_uint4_kernel(const DeviceId& device) {
  return {"unpack_uint4", kContract, nullptr, [device](const Call& call, void*) { run_unpack(device, call); }};
}

}  // namespace plumb::vulkan
