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

golden::Array* find_input(golden::Case& recorded, const std::string& name) {
  const auto found = std::ranges::find(recorded.inputs, name, &golden::Array::name);
  return found == recorded.inputs.end() ? nullptr : &*found;
}

// [N, G, 1] and [N, 1], or one for all.
Shape without_last_axis(Shape shape) {
  if (shape.empty()) return {1, 1};
  if (shape.size() == 3) shape.pop_back();
  return shape;
}

// A matmul with one of its outputs, alone. Zero points are numbers if they are not of the weight's packed type.
std::optional<golden::Case> matmul_case(golden::Case recorded, const std::string& output) {
  if (!has_output(recorded, output)) return std::nullopt;
  std::erase_if(recorded.attributes, [&](const auto& attribute) {
    return attribute.first.starts_with("wrong_") && attribute.first != "wrong_" + output;
  });
  golden::Array* scale = find_input(recorded, "scale");
  scale->shape = without_last_axis(scale->shape);
  if (golden::Array* zero = find_input(recorded, "zero_point")) {
    const bool packed =
        zero->logical_dtype != "" && zero->logical_dtype == find_input(recorded, "weight")->logical_dtype;
    if (packed) zero->name = "zero_codes";
    if (!packed) zero->shape = without_last_axis(zero->logical_dtype.empty() ? zero->shape : zero->logical_shape);
  }
  return recorded;
}

// When the plugin quantises activations, as the records show: 32 columns divide groups and rows, and there is no zero
// point for all nor any number or code of i4 as one. Else its default setting changes nothing.
bool was_quantised(const golden::Case& recorded, bool numbers) {
  const auto number = [&](const char* name) { return std::get<std::int64_t>(recorded.attributes.at(name)); };
  const auto is_there = [&](const char* name) {
    return std::ranges::find(recorded.inputs, name, &golden::Array::name) != recorded.inputs.end();
  };
  if (number("group_size") % 32 != 0 || number("k") % 32 != 0) return false;
  const auto& type = std::get<std::string>(recorded.attributes.at("element_type"));
  if (type == "i4" && is_there("zero_codes")) return false;
  const auto zero = std::ranges::find(recorded.inputs, "zero_point", &golden::Array::name);
  return !numbers || zero->dtype == "u8";
}

GoldenBinding matmul_binding(const std::string& output, const Contract& contract) {
  GoldenBinding binding{"openvino.matmul_compressed",
                        "matmul_compressed",
                        {{"x", "x"},
                         {"weight", "weight"},
                         {"scale", "scale"},
                         {"zero_codes", "zero_codes"},
                         {"zero_point", "zero_point"}},
                        {{"n", "N"}, {"group_size", "group"}, {"element_type", "type"}},
                        {{output, "y"}},
                        {},
                        contract};
  binding.adapt = [output](const golden::Case& recorded, Sizes& params) {
    const auto zero = std::ranges::find(recorded.inputs, "zero_point", &golden::Array::name);
    const bool quantises = output == "y_dynamic_quantization" && was_quantised(recorded, zero != recorded.inputs.end());
    params["dynamic"] = quantises ? 32 : 0;
    params["zeros"] = zero != recorded.inputs.end() && element_count(zero->shape) == 1 ? 1 : 0;
  };
  binding.restate = [output](golden::Case recorded) { return matmul_case(std::move(recorded), output); };
  return binding;
}

// Codes times scales in f32; or, in execution mode ACCURACY, as the graph has it, with the decompressed weight in f16.
constexpr Contract kFactors{DType::f32, DType::f32, DType::f32, 1, 8, false, true};
constexpr Contract kHalfWeight{DType::f32, DType::f16, DType::f32, 1, 8, false, true};

}  // namespace

std::vector<GoldenBinding> openvino_bindings() {
  std::vector<GoldenBinding> bindings = unpack_bindings();
  bindings.push_back(matmul_binding("y", kFactors));
  bindings.push_back(matmul_binding("y_accuracy_mode", kHalfWeight));
  bindings.push_back(matmul_binding("y_dynamic_quantization", kFactors));
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
