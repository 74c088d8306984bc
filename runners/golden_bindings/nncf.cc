// NNCF's weight compression. Its packing of 4-bit codes is with openvino.cc.

#include <algorithm>

#include "reference/error.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

Array* find_array(std::vector<Array>& arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &Array::name);
  return found == arrays.end() ? nullptr : &*found;
}

void reshape(Array& array, Shape shape) {
  PLUMB_CHECK(element_count(shape) == element_count(array.shape));
  array.shape = array.logical_shape = std::move(shape);
}

// Packed bytes as a column, whatever they hold: 8-bit codes are recorded unpacked, and signed ones as i8.
void as_packed_column(Array& array) {
  array.dtype = "u8";
  reshape(array, {element_count(array.shape), 1});
}

Case with_packed_columns(Case recorded) {
  if (Array* packed = find_array(recorded.outputs, "packed_weight")) as_packed_column(*packed);
  if (Array* packed = find_array(recorded.outputs, "stored_zero_point")) {
    as_packed_column(*packed);
  } else if (!recorded.outputs.empty()) {
    recorded.outputs.push_back({"stored_zero_point", "u8", {0, 1}, {}, "bitwise", "", {0, 1}});
  }
  return recorded;
}

// What the decompressor stored is what it decompresses; its result is a reshaped view of one row for each scale.
std::optional<Case> decompression(Case recorded) {
  if (recorded.outputs.empty()) return std::nullopt;  // upstream refused to pack
  const bool asymmetric = find_array(recorded.inputs, "zero_point") != nullptr;
  const Shape shape = find_array(recorded.inputs, "weight")->shape;
  recorded = with_packed_columns(std::move(recorded));
  for (const char* stored : {"packed_weight", "stored_scale", "stored_zero_point"}) {
    if (asymmetric || std::string_view(stored) != "stored_zero_point") {
      recorded.inputs.push_back(*find_array(recorded.outputs, stored));
    }
  }
  reshape(*find_array(recorded.outputs, "decompressed"), shape);
  return recorded;
}

void append_decompressor(std::vector<GoldenBinding>& bindings, const std::string& golden_op, std::int64_t bits) {
  bindings.push_back({.golden_op = golden_op,
                      .op = "nncf_compress_constants",
                      .inputs = {{"weight", "weight"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
                      .attributes = {},
                      .outputs = {{"packed_weight", "packed_weight"},
                                  {"stored_scale", "stored_scale"},
                                  {"stored_zero_point", "stored_zero_point"}},
                      .output_dtypes = {},
                      .fixed = {{"bits", bits}},
                      .restate = with_packed_columns});
  bindings.push_back({.golden_op = golden_op,
                      .op = "nncf_decompress",
                      .inputs = {{"packed_weight", "packed_weight"},
                                 {"stored_scale", "stored_scale"},
                                 {"stored_zero_point", "stored_zero_point"}},
                      .attributes = {},
                      .outputs = {{"decompressed", "result"}},
                      .output_dtypes = {{"decompressed", "out"}},
                      .fixed = {{"bits", bits}},
                      .adapt =
                          [](const Case& recorded, Sizes& params) {
                            const auto weight = std::ranges::find(recorded.inputs, "weight", &Array::name);
                            params["columns"] = weight->shape.back();
                          },
                      .restate = decompression});
}

std::string text_of(const Case& recorded, const std::string& attribute) {
  const auto* text = std::get_if<std::string>(&recorded.attributes.at(attribute));
  PLUMB_CHECK(text != nullptr);
  return *text;
}

// Group and bits as they are recorded, with the whole reduced dimension, the operator's second, as the group -1.
void quantizer_params(const Case& recorded, Sizes& params) {
  const std::int64_t group = std::get<std::int64_t>(recorded.attributes.at("group_size"));
  params["group"] = group == -1 ? recorded.inputs.front().shape.at(1) : group;
  params["code"] = static_cast<std::int64_t>(text_of(recorded, "mode").ends_with("_asym") ? DType::u8 : DType::i8);
}

// [before, reduced, behind], and everything else as the operator has it. Two reduced dimensions stay as they are: the
// operator refuses the shape, as upstream refuses the request.
Case as_quantizer_case(Case recorded) {
  const std::string axes = text_of(recorded, "reduction_axes");
  if (axes != "[0]" && axes != "[1]") return recorded;
  Array& weight = recorded.inputs.front();
  const Shape shape = axes == "[1]" ? Shape{weight.shape.at(0), weight.shape.at(1), 1}
                                    : Shape{1, weight.shape.at(0), weight.shape.at(1)};
  reshape(weight, shape);
  if (recorded.outputs.empty()) return recorded;
  const Array* scale = find_array(recorded.outputs, "scale");
  const std::int64_t groups = element_count(scale->shape) / (shape[0] * shape[2]);
  for (Array& output : recorded.outputs) {
    const bool one_a_group = output.name.starts_with("scale") || output.name.starts_with("zero_point");
    reshape(output, {shape[0], one_a_group ? groups : shape[1], shape[2]});
  }
  if (find_array(recorded.outputs, "zero_point") == nullptr) {
    recorded.outputs.push_back({"zero_point", "i32", {shape[0], groups, 0}, {}, "bitwise", "", {shape[0], groups, 0}});
  }
  return recorded;
}

// The cases with dequantised values, and those of large weights, which record none. These also record what a faster
// path of upstream gave, which promises less and is not compared.
void append_quantizer(std::vector<GoldenBinding>& bindings, bool dequantizes) {
  GoldenBinding binding{.golden_op = "openvino.nncf_quantize_weight",
                        .op = "nncf_quantize",
                        .inputs = {{"weight", "weight"}},
                        .attributes = {{"num_bits", "bits"}},
                        .outputs = {{"tensor", "codes"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
                        .output_dtypes = {},
                        .adapt = quantizer_params,
                        .restate = [dequantizes](Case recorded) -> std::optional<Case> {
                          const bool does =
                              recorded.outputs.empty() || find_array(recorded.outputs, "dequantized") != nullptr;
                          if (does != dequantizes) return std::nullopt;
                          return as_quantizer_case(std::move(recorded));
                        }};
  if (dequantizes) binding.outputs.emplace_back("dequantized", "dequantized");
  bindings.push_back(std::move(binding));
}

}  // namespace

std::vector<GoldenBinding> nncf_bindings() {
  std::vector<GoldenBinding> bindings;
  append_quantizer(bindings, true);
  append_quantizer(bindings, false);
  append_decompressor(bindings, "openvino.nncf_INT4SymmetricWeightsDecompressor", 4);
  append_decompressor(bindings, "openvino.nncf_INT4AsymmetricWeightsDecompressor", 4);
  append_decompressor(bindings, "openvino.nncf_INT8SymmetricWeightsDecompressor", 8);
  append_decompressor(bindings, "openvino.nncf_INT8AsymmetricWeightsDecompressor", 8);
  return bindings;
}

}  // namespace plumb
