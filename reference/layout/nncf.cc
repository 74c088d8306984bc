#include "reference/layout/systems.h"

namespace plumb {

std::vector<Layout> nncf_layouts() {
  return {
      {"nncf.u4", "unsigned, two a byte in flat order (pairs may cross rows), low nibble first",
       "nncf/torch/quantization/layers.py: pack_uint4, unpack_uint4 (nncf 3.4.0)", 4, Encoding::unsigned_binary, 1, 1,
       0, row_by_row(4)},
  };
}

}  // namespace plumb
