#include "impls/openvino_element.h"

#include <bit>
#include <cstring>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/ov_unpack.spv.inc"
    ;
constexpr std::uint32_t kPackSpirv[] =
#include "shaders/ov_pack.spv.inc"
    ;
constexpr Shader kUnpack{"ov_unpack", kUnpackSpirv, 2};
constexpr Shader kPack{"ov_pack", kPackSpirv, 2};

// Integers alone, also where floating-point numbers are rounded: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

// Runs a shader with one invocation per word of the call's output, whose last word may be cut short.
void run_by_words(Device& device, const Shader& shader, const Call& call, std::vector<std::uint32_t> sizes,
                  std::vector<StoragePtr> inputs) {
  const auto bytes =
      static_cast<std::size_t>(call.output_count()) * static_cast<std::size_t>(info(call.output_dtype()).size_bytes);
  const std::uint64_t words = (bytes + 3) / 4;
  const std::uint32_t local_size = device.local_size();
  const std::vector<std::uint32_t> result = device.run({.shader = &shader,
                                                        .constants = {local_size},
                                                        .sizes = std::move(sizes),
                                                        .inputs = std::move(inputs),
                                                        .groups = (words + local_size - 1) / local_size,
                                                        .output_words = words});
  std::memcpy(call.output<std::byte>().data(), result.data(), bytes);
}

Element type_of(const Call& call) { return static_cast<Element>(call["type"]); }

void run_unpack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const Element type = type_of(call);
  const auto packed = call.input<std::byte>(0);
  const DType out = call.output_dtype();
  run_by_words(device, kUnpack, call,
               {static_cast<std::uint32_t>(call.output_count()), static_cast<std::uint32_t>(element_bits(type)),
                static_cast<std::uint32_t>(info(out).size_bytes)},
               {device.upload("packed", packed), device.upload("table", element_values(type, out))});
}

// As ov_pack.comp has them.
enum class Encoding : std::uint32_t { integer, truncated, nf4, minifloat, minifloat_through_f16, e8m0 };

Encoding encoding_of(Element type, DType from) {
  if (!info(from).is_float) return Encoding::integer;
  switch (type) {
    case Element::nf4:
      return Encoding::nf4;
    case Element::f4e2m1:
    case Element::f8e4m3:
      return Encoding::minifloat;
    case Element::f8e5m2:
      return Encoding::minifloat_through_f16;
    case Element::f8e8m0:
      return Encoding::e8m0;
    default:
      return Encoding::truncated;
  }
}

// One word an element: floating-point numbers widened to f32, of integers what matters, the low bits.
std::vector<std::uint32_t> input_words(const Call& call) {
  std::vector<std::uint32_t> words;
  if (call.input_dtype(0) == DType::i32) {
    words.resize(static_cast<std::size_t>(call.input_count(0)));
    std::memcpy(words.data(), call.input<std::byte>(0).data(), 4 * words.size());
  } else if (info(call.input_dtype(0)).is_float) {
    for (const float value : call.input_as_f32(0)) words.push_back(std::bit_cast<std::uint32_t>(value));
  } else {
    for (const std::uint8_t value : call.input<std::uint8_t>(0)) words.push_back(value);
  }
  return words;
}

void run_pack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const Element type = type_of(call);
  const MinifloatEncoding minifloat = minifloat_encoding(type);
  const std::vector<float> thresholds(kNf4Thresholds.begin(), kNf4Thresholds.end());
  run_by_words(device, kPack, call,
               {static_cast<std::uint32_t>(call.output_count()), static_cast<std::uint32_t>(call.input_count(0)),
                static_cast<std::uint32_t>(element_bits(type)),
                static_cast<std::uint32_t>(encoding_of(type, call.input_dtype(0))), minifloat.fraction_bits,
                minifloat.bias, minifloat.limit, minifloat.nan, minifloat.sign},
               {device.upload("values", input_words(call)), device.upload("thresholds", thresholds)});
}

}  // namespace

Kernel ov_unpack_kernel(const DeviceId& device) {
  return {"ov_unpack", kContract, nullptr, [device](const Call& call, void*) { run_unpack(device, call); }};
}

Kernel ov_pack_kernel(const DeviceId& device) {
  return {"ov_pack", kContract, nullptr, [device](const Call& call, void*) { run_pack(device, call); }};
}

}  // namespace plumb::vulkan
