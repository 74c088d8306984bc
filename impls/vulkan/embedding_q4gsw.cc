#include <bit>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

enum Input : std::size_t { kWeight, kScales, kIndices };

constexpr std::uint32_t kSpirv[] =
#include "shaders/embedding_q4gsw.spv.inc"
    ;
constexpr Shader kShader{"embedding_q4gsw", kSpirv, 3};

// The product is computed in integers, exactly, and rounded once to f32: nothing is flushed on any device.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F32,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

struct Table {
  StoragePtr codes;
  StoragePtr scales;
};

std::int64_t row_words(const Call& call) { return (call["K"] + 7) / 8; }

// Rows of whole words, low nibble = even column whatever the operator was given.
std::vector<std::uint32_t> table_words(const Call& call) {
  const auto bytes = call.input<std::uint8_t>(kWeight);
  const std::int64_t row_bytes = call["K"] / 2, words = row_words(call);
  const int swap = call["linear"] != 0 ? 0 : 4;  // rotates the nibbles of a byte into each other's place
  std::vector<std::uint32_t> table(static_cast<std::size_t>(call["N"] * words));
  for (std::int64_t n = 0; n < call["N"]; ++n) {
    for (std::int64_t i = 0; i < row_bytes; ++i) {
      const std::uint32_t byte = std::rotl(bytes[static_cast<std::size_t>(n * row_bytes + i)], swap);
      table[static_cast<std::size_t>(n * words + i / 4)] |= byte << (8 * (i % 4));
    }
  }
  return table;
}

std::shared_ptr<void> prepare(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  return std::make_shared<Table>(device.upload("weight", table_words(call)),
                                 device.upload("weight_scales", call.input_as_f32(kScales)));
}

void run(const DeviceId& id, const Call& call, const Table& table) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const std::vector<std::int64_t> wide = call.input_as_i64(kIndices);
  const std::vector<std::uint32_t> indices(wide.begin(), wide.end());  // checked by Call to be rows of the table
  const auto elements = static_cast<std::uint64_t>(call.output_count());
  const std::uint32_t local_size = device.local_size();
  const std::vector<std::uint32_t> bits =
      device.run({.shader = &kShader,
                  .constants = {local_size},
                  .sizes = {static_cast<std::uint32_t>(elements), static_cast<std::uint32_t>(call["K"]),
                            static_cast<std::uint32_t>(row_words(call)), static_cast<std::uint32_t>(call["group"])},
                  .inputs = {device.upload("indices", indices), table.codes, table.scales},
                  .groups = (elements + local_size - 1) / local_size,
                  .output_words = elements});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  call.store_f32(values);
}

}  // namespace

Kernel embedding_q4gsw_kernel(const DeviceId& device) {
  return {"embedding_q4gsw", kContract, [device](const Call& call) { return prepare(device, call); },
          [device](const Call& call, void* table) { run(device, call, *static_cast<Table*>(table)); }};
}

}  // namespace plumb::vulkan
