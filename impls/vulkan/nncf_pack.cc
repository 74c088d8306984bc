#include <cstring>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/nncf_pack.spv.inc"
    ;
constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/nncf_unpack.spv.inc"
    ;
constexpr Shader kPack{"nncf_pack", kPackSpirv, 1};
constexpr Shader kUnpack{"nncf_unpack", kUnpackSpirv, 1};

// Bytes are moved and nothing is rounded: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

// How codes lie in a byte.
struct Codes {
  std::uint32_t bits;
  std::uint32_t offset;  // what is added to a code before it is stored: 0 or 8
};

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

void run_pack(const DeviceId& id, const Call& call, Codes codes) {
  if (call.output_count() == 0) return;
  const auto data = call.input<std::byte>(0);
  std::vector<std::byte> input(data.begin(), data.end());
  const std::size_t per_word = 32 / codes.bits;  // 8 / bits words of input for each word of output
  input.resize((input.size() + per_word - 1) / per_word * per_word);
  run_on_bytes(Device::at(id), kPack, std::move(input), call, {codes.bits, codes.offset * 0x11111111U});
}

void run_unpack(const DeviceId& id, const Call& call, Codes codes) {
  if (call.output_count() == 0) return;
  const auto packed = call.input<std::byte>(0);
  const std::uint32_t is_signed = codes.bits == 4 && call.input_dtype(0) == DType::i8 ? 1 : 0;
  run_on_bytes(Device::at(id), kUnpack, {packed.begin(), packed.end()}, call, {codes.bits, codes.offset, is_signed});
}

Kernel packing(const char* op, const DeviceId& device, Codes codes) {
  return {op, kContract, nullptr, [=](const Call& call, void*) { run_pack(device, call, codes); }};
}

Kernel unpacking(const char* op, const DeviceId& device, Codes codes) {
  return {op, kContract, nullptr, [=](const Call& call, void*) { run_unpack(device, call, codes); }};
}

}  // namespace

Kernel pack_uint4_kernel(const DeviceId& device) { return packing("pack_uint4", device, {4, 0}); }
Kernel unpack_uint4_kernel(const DeviceId& device) { return unpacking("unpack_uint4", device, {4, 0}); }
Kernel pack_int4_kernel(const DeviceId& device) { return packing("pack_int4", device, {4, 8}); }
Kernel unpack_int4_kernel(const DeviceId& device) { return unpacking("unpack_int4", device, {4, 8}); }
Kernel pack_uint2_kernel(const DeviceId& device) { return packing("pack_uint2", device, {2, 0}); }
Kernel unpack_uint2_kernel(const DeviceId& device) { return unpacking("unpack_uint2", device, {2, 0}); }
// The same bytes: what is out of range has been refused.
Kernel onnx_pack_4bit_kernel(const DeviceId& device) { return packing("onnx_pack_4bit", device, {4, 0}); }

}  // namespace plumb::vulkan
