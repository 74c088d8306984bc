#include "runners/golden_bindings/systems.h"

namespace plumb {

std::vector<GoldenBinding> openvino_bindings() {
  return {
      {"openvino.nncf_pack_uint4", "pack_uint4", {{"tensor", "codes"}}, {}, {{"packed", "packed"}}, {}},
      {"openvino.nncf_unpack_uint4", "unpack_uint4", {{"tensor", "packed"}}, {}, {{"tensor", "codes"}}, {}},
      {"openvino.nncf_pack_int4", "pack_int4", {{"tensor", "codes"}}, {}, {{"packed", "packed"}}, {}},
      {"openvino.nncf_unpack_int4", "unpack_int4", {{"tensor", "packed"}}, {}, {{"tensor", "codes"}}, {}},
      {"openvino.nncf_onnx_pack_4_bits", "onnx_pack_4bit", {{"tensor", "codes"}}, {}, {{"packed", "packed"}}, {}},
      {"openvino.nncf_onnx_pack_int4_to_uint8",
       "onnx_pack_int4_blocks",
       {{"weight", "codes"}},
       {{"block_size", "block"}},
       {{"packed", "packed"}},
       {}},
      {"openvino.torch_unpack_uint2_chain", "unpack_uint2", {{"packed", "packed"}}, {}, {{"tensor", "codes"}}, {}},
  };
}

}  // namespace plumb
