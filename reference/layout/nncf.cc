#include "reference/layout/systems.h"

namespace plumb {

std::vector<Layout> nncf_layouts() {
  return {
      {"nncf.u4", "unsigned, two a byte in flat order (pairs may cross rows), low nibble first",
       "nncf/torch/quantization/layers.py: pack_uint4, unpack_uint4 (nncf 3.4.0)", 4, Encoding::unsigned_binary, 1, 1,
       0, row_by_row(4)},
      {"nncf.i4", "offset binary, two a byte in flat order (pairs may cross rows), low nibble first",
       "nncf/torch/quantization/layers.py: pack_int4, unpack_int4 (nncf 3.4.0)", 4, Encoding::offset_binary, 1, 1, 0,
       row_by_row(4)},
      {"nncf.u2", "unsigned, four a byte in flat order (fours may cross rows), the first in the lowest bits",
       "OpenVINO 2026.4, PyTorch frontend: the 2-bit unpacking subgraph", 2, Encoding::unsigned_binary, 1, 1, 0,
       row_by_row(2)},
  };
}

}  // namespace plumb
