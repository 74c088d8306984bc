#include "reference/layout/layouts.h"

#include <fmt/format.h>

#include "reference/error.h"

namespace plumb {
namespace {

// Two codes a byte along a row of `padded.columns`; the even column lies at `even_bit`, the odd one in the other
// nibble.
template <int even_bit>
BitPosition nibble_pairs(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t flat = row * padded.columns + column;
  return {flat / 2, flat % 2 == 0 ? even_bit : 4 - even_bit};
}

// 4-word vectors of 4 columns x 8 rows, at k4 * N8 + n8: word p, byte b holds rows 2p (low nibble) and 2p + 1, column
// b.
BitPosition blocks_4x8(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t vector = column / 4 * (padded.rows / 8) + row / 8;
  const std::int64_t word = row % 8 / 2;
  return {vector * 16 + word * 4 + column % 4, row % 2 == 0 ? 0 : 4};
}

// Blocks of 32 rows; per column 16 bytes, byte j holding row j (low nibble) and row j + 16: a vector load of bytes
// gives consecutive rows in its low and in its high nibbles.
BitPosition rows_32(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t block = row / 32, lane = row % 32;
  return {(block * padded.columns + column) * 16 + lane % 16, lane < 16 ? 0 : 4};
}

std::vector<Layout> make_layouts() {
  return {
      {"nncf.u4", "unsigned, two a byte in flat order (pairs may cross rows), low nibble first",
       "nncf/torch/quantization/layers.py: pack_uint4, unpack_uint4 (nncf 3.4.0)", 4, Encoding::unsigned_binary, 1, 1,
       0, nibble_pairs<0>},
      {"et_vk.q4gsw", "offset binary, low nibble is the even column, columns padded to 8 with code 0 (byte 0x88)",
       "executorch/backends/vulkan: pack_4bit_weight_tensor (1.5.1)", 4, Encoding::offset_binary, 1, 8, 0,
       nibble_pairs<0>},
      {"et_vk.q4_even_low", "offset binary, low nibble is the even column, no padding",
       "executorch/backends/vulkan: embedding_q4gsw with is_linear_weight (1.5.1)", 4, Encoding::offset_binary, 1, 2, 0,
       nibble_pairs<0>},
      {"et_vk.q4_even_high", "offset binary, high nibble is the even column, no padding",
       "executorch: quantized_decomposed.embedding_4bit (1.5.1)", 4, Encoding::offset_binary, 1, 2, 0, nibble_pairs<4>},
      {"plumb.blocks_4x8", "offset binary, 16-byte vectors of 4 columns x 8 rows, row blocks innermost",
       "impls/vulkan/w_4x8.cc; ExecuTorch's W_4X8 in nc order, but its K is always padded to 8", 4,
       Encoding::offset_binary, 8, 4, 0, blocks_4x8},
      {"plumb.rows_32",
       "offset binary, per column 16 bytes for 32 rows: row j in the low, row j + 16 in the high nibble",
       "impls/cpu/rows_32.cc: repack_to_rows_32", 4, Encoding::offset_binary, 32, 1, 0, rows_32},
  };
}

}  // namespace

std::span<const Layout> all_layouts() {
  static const std::vector<Layout> layouts = make_layouts();
  return layouts;
}

const Layout& layout_named(std::string_view name) {
  std::string known;
  for (const Layout& layout : all_layouts()) {
    if (layout.name == name) return layout;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", layout.name);
  }
  throw Error(fmt::format("layout '{}' is unknown; expected one of {}", name, known));
}

}  // namespace plumb
