#include <algorithm>
#include <optional>

#include "reference/tensor.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

bool has_output(const golden::Case& recorded, const std::string& name) {
  return std::ranges::find(recorded.outputs, name, &golden::Array::name) != recorded.outputs.end();
}

// A record of ov_unpack holds one output for each element type that was converted to. Where the plugin gives another
// output for a parameter than for a constant, `preferred` is there, too, and is replayed alone: on their way through
// the plugin's graph, constants had their subnormals flushed.
GoldenBinding unpack_binding(const std::string& output, const std::string& preferred) {
  GoldenBinding binding{"openvino.element_unpack",  "ov_unpack",          {{"packed", "packed"}},
                        {{"element_type", "type"}}, {{output, "values"}}, {{output, "out"}}};
  binding.adapt = [](const golden::Case& recorded, Sizes& params) {
    params["count"] = element_count(recorded.outputs.front().shape);
  };
  // The operator's values are in flat order.
  binding.restate = [=](golden::Case recorded) -> std::optional<golden::Case> {
    if (!has_output(recorded, output) || (!preferred.empty() && has_output(recorded, preferred))) return std::nullopt;
    for (golden::Array& array : recorded.outputs) array.shape = {element_count(array.shape)};
    return recorded;
  };
  return binding;
}

std::vector<GoldenBinding> unpack_bindings() {
  std::vector<GoldenBinding> bindings;
  for (const char* type : {"f32", "f16", "i32", "i8", "u8"}) {
    const std::string parameter = std::string(type) + "_parameter";
    bindings.push_back(unpack_binding(type, parameter));
    bindings.push_back(unpack_binding(parameter, ""));
  }
  return bindings;
}

}  // namespace

std::vector<GoldenBinding> openvino_bindings() {
  std::vector<GoldenBinding> bindings = unpack_bindings();
  const std::vector<GoldenBinding> others = {
      {"openvino.convert_to_low_bit",
       "ov_pack",
       {{"values", "values"}},
       {{"element_type", "type"}},
       {{"packed", "packed"}},
       {}},
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
  bindings.insert(bindings.end(), others.begin(), others.end());
  return bindings;
}

}  // namespace plumb
