#include "runners/golden_bindings/systems.h"

namespace plumb {

std::vector<GoldenBinding> openvino_bindings() {
  return {
      {"openvino.nncf_pack_uint4", "pack_uint4", {{"tensor", "codes"}}, {}, {{"packed", "packed"}}, {}},
      {"openvino.nncf_unpack_uint4", "unpack_uint4", {{"tensor", "packed"}}, {}, {{"tensor", "codes"}}, {}},
  };
}

}  // namespace plumb
