#include "reference/layout/systems.h"

namespace plumb {

std::vector<Layout> torchao_layouts() {
  return {
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
}

}  // namespace plumb
