#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"
#include "reference/layout/systems.h"

namespace plumb {
namespace {

// The low bits of a code lie in a shard of width 4, the next in one of width 2 and 1, as far as the widths sum to
// `bits`; the shards follow each other. In one of width w, a row of n codes has m = nw/8 bytes, and byte r holds w bits
// of each of codes r, r + m, r + 2m, …
BitPosition strided_shards(int bits, std::int64_t row, std::int64_t column, int bit, Extent padded) {
  std::int64_t start = 0;
  int below = 0;
  for (const int width : {4, 2, 1}) {
    if ((bits & width) == 0) continue;
    const std::int64_t row_bytes = padded.columns * width / 8;
    if (bit < below + width) {
      return {start + row * row_bytes + column % row_bytes, static_cast<int>(column / row_bytes) * width + bit - below};
    }
    start += padded.rows * row_bytes;
    below += width;
  }
  PLUMB_CHECK(false);
}

Layout uintx(int bits) {
  return {fmt::format("torchao.uintx{}", bits),
          "unsigned, shards of 4, 2 and 1 bits with the low bits first; a byte holds codes that lie strides apart",
          "torchao/prototype/dtypes/uintx/bitpacking.py: pack, unpack (torchao 0.18.0)",
          bits,
          Encoding::unsigned_binary,
          1,
          8,
          0,
          [bits](std::int64_t row, std::int64_t column, int bit, Extent padded) {
            return strided_shards(bits, row, column, bit, padded);
          }};
}

// Blocks of `block_rows` rows, the last maybe shorter; for each column of one its bytes of two codes: rows that lie
// half a block apart in whole blocks if `pairs_halves`, else neighbours.
BitMap aten_blocks(std::int64_t block_rows, bool pairs_halves) {
  return in_one_piece([=](std::int64_t row, std::int64_t column, Extent padded) {
    const std::int64_t first = row / block_rows * block_rows, in_block = row - first;
    const std::int64_t pairs = std::min(block_rows, padded.rows - first) / 2;
    const bool halves = pairs_halves && pairs == block_rows / 2;
    const std::int64_t byte = first * padded.columns / 2 + column * pairs + (halves ? in_block % pairs : in_block / 2);
    return BitPosition{byte, (halves ? in_block / pairs : in_block % 2) == 0 ? 0 : 4};
  });
}

Layout aten_int4(const char* isa, const char* summary, std::int64_t block_rows, bool pairs_halves) {
  return {fmt::format("aten.int4_{}", isa),
          summary,
          "aten/src/ATen/native/cpu/int4mm_kernel.cpp: weight_to_int4pack_kernel (torch 2.13.0)",
          4,
          Encoding::unsigned_binary,
          16,
          2,
          0,
          aten_blocks(block_rows, pairs_halves),
          block_rows};
}

}  // namespace

std::vector<Layout> torchao_layouts() {
  std::vector<Layout> layouts = {
      {"torchao.plain_int32", "unsigned, eight to a little-endian 32-bit word: element 8w + i in bits 4i … 4i + 3",
       "torchao Int4PlainInt32Tensor on XPU, aten::_convert_weight_to_int4pack of torch-xpu-ops (torchao 0.18.0)", 4,
       Encoding::unsigned_binary, 1, 8, 0, row_by_row(4), 0, DType::i32},
      {"torchao.plain_int32_signed",
       "two's complement, eight to a little-endian 32-bit word: element 8w + i in bits 4i … 4i + 3",
       "torchao Int4PlainInt32Tensor on NPU, npu_convert_weight_to_int4pack of CANN (torchao 0.18.0)", 4,
       Encoding::twos_complement, 1, 8, 0, row_by_row(4), 0, DType::i32},
      {"torchao.int4_plain", "two's complement, two a byte, low nibble is the even column",
       "torchao Int4Tensor, pack_int4 of mslk 1.1.0 (torchao 0.18.0)", 4, Encoding::twos_complement, 1, 2, 0,
       row_by_row(4)},
  };
  for (int bits = 1; bits <= 7; ++bits) layouts.push_back(uintx(bits));
  layouts.push_back(
      aten_int4("avx512", "unsigned, blocks of 64 rows, byte j of a column: rows j and j + 32", 64, true));
  layouts.push_back(aten_int4("avx2", "unsigned, blocks of 32 rows, byte j of a column: rows j and j + 16", 32, true));
  layouts.push_back(
      aten_int4("default", "unsigned, blocks of 32 rows, byte j of a column: rows 2j and 2j + 1", 32, false));
  return layouts;
}

}  // namespace plumb
