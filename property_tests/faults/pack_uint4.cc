// packed[i] = (codes[2i] & 15) | (codes[2i + 1] << 4), and back.

#include "property_tests/faults/kernels.h"

namespace plumb::faults {
namespace {

constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

void pack(const Call& call, Mutation mutation) {
  const auto codes = call.input<std::uint8_t>(0);
  const Output packed(call, 1, mutation);
  const auto row_length = static_cast<std::size_t>(call.signature().leading.at("n").back());
  for (std::size_t i = 0; 2 * i < codes.size(); ++i) {
    unsigned low = codes[2 * i], high = codes[2 * i + 1];
    const bool crosses = (2 * i + 1) % row_length == 0;
    if (mutation == Mutation::nibbles_swapped) std::swap(low, high);
    if (mutation == Mutation::pair_across_rows_swapped && crosses) std::swap(low, high);
    if (mutation != Mutation::high_nibble_kept) low &= 15U;
    packed.set(static_cast<std::int64_t>(i), 0, (low | high << 4) & 255U);
  }
}

void unpack(const Call& call, Mutation mutation) {
  const auto bytes = call.input<std::uint8_t>(0);
  const Output codes(call, 2, mutation);
  const bool is_signed = call.input_dtype(0) == DType::i8 && mutation != Mutation::sign_extension_missing;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::int64_t low = mutation == Mutation::nibbles_swapped ? 1 : 0;
    const int stored = bytes[i] >> 4, high = is_signed && stored >= 8 ? stored - 16 : stored;
    codes.set(static_cast<std::int64_t>(i), low, bytes[i] & 15);
    codes.set(static_cast<std::int64_t>(i), 1 - low, high);
  }
}

}  // namespace

Kernel pack_uint4(Mutation mutation) {
  return {"pack_uint4", kContract, {}, [mutation](const Call& call, void*) {
            pack(call, mutation);
            misbehave(call, call["n"] == 2, mutation);
          }};
}

Kernel unpack_uint4(Mutation mutation) {
  return {"unpack_uint4", kContract, {}, [mutation](const Call& call, void*) {
            unpack(call, mutation);
            misbehave(call, call["n"] == 1, mutation);
          }};
}

}  // namespace plumb::faults
