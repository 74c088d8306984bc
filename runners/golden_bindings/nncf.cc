// NNCF's weight compression. Its packing of 4-bit codes is with openvino.cc.

#include <algorithm>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

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
  const Shape shape = array_named(recorded.inputs, "weight").shape;
  recorded = with_packed_columns(std::move(recorded));
  for (const char* stored : {"packed_weight", "stored_scale", "stored_zero_point"}) {
    if (asymmetric || std::string_view(stored) != "stored_zero_point") {
      recorded.inputs.push_back(array_named(recorded.outputs, stored));
    }
  }
  reshape(array_named(recorded.outputs, "decompressed"), shape);
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
  const std::int64_t groups = element_count(array_named(recorded.outputs, "scale").shape) / (shape[0] * shape[2]);
  for (Array& output : recorded.outputs) {
    const bool one_a_group = output.name.starts_with("scale") || output.name.starts_with("zero_point");
    reshape(output, {shape[0], one_a_group ? groups : shape[1], shape[2]});
  }
  if (find_array(recorded.outputs, "zero_point") == nullptr) {
    recorded.outputs.push_back({"zero_point", "i32", {shape[0], groups, 0}, {}, "bitwise", "", {shape[0], groups, 0}});
  }
  return recorded;
}

// The cases with dequantised values, and those of large weights, which record none.
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

// What the OpenVINO model gave that NNCF quantises large weights with, in place of what NumPy gave.
std::optional<Case> of_optimized_path(Case recorded) {
  constexpr std::string_view kSuffix = "_optimized";
  std::erase_if(recorded.outputs, [&](const Array& output) { return !output.name.ends_with(kSuffix); });
  if (recorded.outputs.empty()) return std::nullopt;
  for (Array& output : recorded.outputs) output.name.resize(output.name.size() - kSuffix.size());
  return as_quantizer_case(std::move(recorded));
}

void append_optimized_quantizer(std::vector<GoldenBinding>& bindings) {
  bindings.push_back(bindings.back());
  bindings.back().outputs = {{"scale", "scale"}, {"tensor", "codes"}, {"zero_point", "zero_point"}};
  bindings.back().restate = of_optimized_path;
}

// How codes are packed in the constants of OpenVINO's and of NNCF's own compressed models.
std::string layout_of_constant(const Array& constant) {
  if (constant.logical_dtype == "u2") return "nncf.u2";
  return constant.logical_dtype == "u3" ? "openvino.u3" : "nncf.u4";
}

// Not every packing that OpenVINO has is a layout of ours.
bool has_layout(const Array& constant) {
  const auto layouts = all_layouts();
  return std::ranges::find(layouts, layout_of_constant(constant), &Layout::name) != layouts.end();
}

// One code a byte, of a constant that may be packed. u2 and u3 have a zero point of half their range, i4 is two's
// complement.
Array one_a_byte(Array constant, const std::string& name, const std::string& dtype, const Shape& shape) {
  const std::string& logical = constant.logical_dtype;
  if (logical == "u2" || logical == "u3" || logical == "u4" || logical == "i4") {
    const Layout& layout = layout_named(layout_of_constant(constant));
    std::vector<std::uint8_t> bytes;
    for (const std::byte byte : constant.bytes) bytes.push_back(std::to_integer<std::uint8_t>(byte));
    // Whole bytes may hold more codes than there are.
    const auto stored = unpack(layout, {1, std::ssize(bytes) * 8 / layout.bits}, bytes);
    const int half = 1 << (layout.bits - 1);
    constant.bytes.clear();
    for (const int code : std::span(stored).first(static_cast<std::size_t>(element_count(shape)))) {
      const int value = logical == "u4" ? code : logical == "i4" ? (code ^ half) - half : code - half;
      constant.bytes.push_back(static_cast<std::byte>(value));
    }
  }
  return {name, dtype, shape, std::move(constant.bytes), "bitwise", "", shape};
}

// Zero points of one byte as i32.
Array widened(const Array& bytes) {
  Array wide{bytes.name, "i32", bytes.shape, {}, "bitwise", "", bytes.shape};
  for (const std::byte byte : bytes.bytes) wide.bytes.insert(wide.bytes.end(), {byte, {}, {}, {}});
  return wide;
}

// The constants of a compressed model are the quantiser's codes, zero points and scales, these as f16. What the model
// then computes is another operator's business, and so is whether that was wrong.
std::optional<Case> compressed_constants(Case recorded) {
  recorded.attributes.erase("wrong_y");
  const std::int64_t group = std::get<std::int64_t>(recorded.attributes.at("group_size"));
  Array weight = array_named(recorded.inputs, "weight");
  const std::int64_t rows = weight.shape.at(0), columns = weight.shape.at(1);
  reshape(weight, {rows, columns, 1});
  recorded.inputs = {weight};
  if (recorded.outputs.empty()) return recorded;
  if (!has_layout(array_named(recorded.outputs, "weight"))) return std::nullopt;
  const bool asymmetric = text_of(recorded, "mode").ends_with("_asym");
  const Shape all = {rows, columns, 1}, groups = {rows, group == -1 ? 1 : columns / group, 1};
  Array scale = array_named(recorded.outputs, "constant_1");
  if (scale.dtype != "f16") scale = array_named(recorded.outputs, "constant_2");
  scale.name = "scale";
  reshape(scale, groups);
  Array zero_point{"zero_point", "i32", {rows, groups[1], 0}, {}, "bitwise", "", {rows, groups[1], 0}};
  if (asymmetric) {
    zero_point = widened(one_a_byte(array_named(recorded.outputs, "constant_1"), "zero_point", "u8", groups));
  }
  const Array codes = one_a_byte(array_named(recorded.outputs, "weight"), "tensor", asymmetric ? "u8" : "i8", all);
  recorded.outputs = {codes, scale, zero_point};
  return recorded;
}

void append_compression(std::vector<GoldenBinding>& bindings) {
  bindings.push_back({.golden_op = "openvino.nncf_compress_weights",
                      .op = "nncf_quantize",
                      .inputs = {{"weight", "weight"}},
                      .attributes = {},
                      .outputs = {{"tensor", "codes"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
                      .output_dtypes = {{"scale", "scale"}},
                      .adapt =
                          [](const Case& recorded, Sizes& params) {
                            quantizer_params(recorded, params);
                            // "int4_sym"
                            params["bits"] = text_of(recorded, "mode").at(3) - '0';
                          },
                      .restate = compressed_constants});
}

}  // namespace

std::vector<GoldenBinding> nncf_bindings() {
  std::vector<GoldenBinding> bindings;
  append_quantizer(bindings, true);
  append_quantizer(bindings, false);
  append_optimized_quantizer(bindings);
  append_compression(bindings);
  append_decompressor(bindings, "openvino.nncf_INT4SymmetricWeightsDecompressor", 4);
  append_decompressor(bindings, "openvino.nncf_INT4AsymmetricWeightsDecompressor", 4);
  append_decompressor(bindings, "openvino.nncf_INT8SymmetricWeightsDecompressor", 8);
  append_decompressor(bindings, "openvino.nncf_INT8AsymmetricWeightsDecompressor", 8);
  return bindings;
}

}  // namespace plumb
