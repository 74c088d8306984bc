#include <fmt/format.h>

#include "reference/error.h"
#include "reference/layout/systems.h"

namespace plumb {
namespace {

// The low bits of a code lie in a shard of width 4, the next in one of width 2 and 1, as far as the widths sum to
// `bits`; the shards follow each other. In one of width w, a byte of a row holds w bits each of 8 / w codes that lie w
// / 8 of the row apart.
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

}  // namespace

std::vector<Layout> torchao_layouts() {
  std::vector<Layout> layouts = {
      {"torchao.plain_int32", "unsigned, eight to a little-endian 32-bit word: element 8w + i in bits 4i … 4i + 3",
       "torchao Int4PlainInt32Tensor on XPU, aten::_convert_weight_to_int4pack of torch-xpu-ops (torchao 0.18.0)", 4,
       Encoding::unsigned_binary, 1, 8, 0, row_by_row(4)},
      {"torchao.plain_int32_signed",
       "two's complement, eight to a little-endian 32-bit word: element 8w + i in bits 4i … 4i + 3",
       "torchao Int4PlainInt32Tensor on NPU, npu_convert_weight_to_int4pack of CANN (torchao 0.18.0)", 4,
       Encoding::twos_complement, 1, 8, 0, row_by_row(4)},
      {"torchao.int4_plain", "two's complement, two a byte, low nibble is the even column",
       "torchao Int4Tensor, pack_int4 of mslk 1.1.0 (torchao 0.18.0)", 4, Encoding::twos_complement, 1, 2, 0,
       row_by_row(4)},
  };
  for (int bits = 1; bits <= 7; ++bits) layouts.push_back(uintx(bits));
  return layouts;
}

}  // namespace plumb
