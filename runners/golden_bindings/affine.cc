// Affine quantisation: torchao's primitives, and torch's quantized_decomposed operators that executorch lowers.
#include "runners/golden_bindings/affine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "reference/error.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

const golden::Array& first_input(const golden::Case& recorded) { return array_named(recorded.inputs, "input"); }

const golden::Attribute* find_attribute(const golden::Case& recorded, const std::string& name) {
  const auto found = recorded.attributes.find(name);
  return found == recorded.attributes.end() ? nullptr : &found->second;
}

}  // namespace

// Empty if the attribute is missing, or no text.
std::string text_of(const golden::Case& recorded, const std::string& name) {
  const golden::Attribute* found = find_attribute(recorded, name);
  const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(found);
  return text == nullptr ? "" : *text;
}

// Empty if the attribute is missing, or no integer ("none").
std::optional<std::int64_t> integer_of(const golden::Case& recorded, const std::string& name) {
  const golden::Attribute* found = find_attribute(recorded, name);
  const auto* integer = found == nullptr ? nullptr : std::get_if<std::int64_t>(found);
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

Shape block_size_of(const golden::Case& recorded) {
  const std::string text = text_of(recorded, "block_size");
  Shape numbers;
  for (const char* at = text.data(); at < text.data() + text.size(); ++at) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), number);
    if (error != std::errc{}) continue;
    numbers.push_back(number);
    at = end;
  }
  return numbers;
}

namespace {

// The block of every axis. Where it is not recorded the operation's name tells it.
Shape block_of(const golden::Case& recorded) {
  const Shape& shape = first_input(recorded).shape;
  if (recorded.attributes.contains("block_size")) return block_size_of(recorded);
  const bool whole = recorded.op.ends_with("per_tensor") || recorded.op.ends_with("choose_qparams.tensor");
  if (whole || shape.empty()) return shape;
  Shape block(shape.size(), 1);
  block.back() = integer_of(recorded, "group_size").value_or(shape.back());
  return block;
}

// torch takes an empty list of axes for all of them: blocks of one element are reduced to a single scale. (With keepdim
// upstream then fails.)
bool reduces_everything(const golden::Case& recorded, const Shape& block) {
  return recorded.op.find("choose_qparams") != std::string::npos && integer_of(recorded, "keepdim").value_or(0) == 0 &&
         std::ranges::all_of(block, [](std::int64_t b) { return b == 1; });
}

struct Block {
  std::int64_t rows, group;
};

// A block as rows of the flattened leading dimensions by columns; of no columns if it fits no tensor of that rank.
Block flat_block(const golden::Case& recorded) {
  const Shape& shape = first_input(recorded).shape;
  Shape block = block_of(recorded);
  if (block.size() != shape.size() || block.empty()) return {1, 0};
  if (reduces_everything(recorded, block)) block = shape;
  return {element_count({block.begin(), block.end() - 1}), block.back()};
}

// Blocks must cover whole rows side by side once leading dimensions are flattened.
bool is_beyond(const golden::Case& recorded) {
  const Shape& shape = first_input(recorded).shape;
  const Shape block = block_of(recorded);
  for (std::size_t axis = 1; axis + 1 < shape.size() && block.size() == shape.size(); ++axis) {
    if (block[axis - 1] != 1 && block[axis] != shape[axis]) return true;
  }
  return false;
}

}  // namespace

// Parameters of blocks have one shape here: upstream drops or keeps axes of one element.
std::optional<golden::Case> on_grid(golden::Case recorded) {
  if (is_beyond(recorded)) return std::nullopt;
  const Shape& shape = first_input(recorded).shape;
  const auto [rows, group] = flat_block(recorded);
  if (rows < 1 || group < 1) return recorded;
  const Shape grid = {element_count({shape.begin(), shape.end() - 1}) / rows, shape.back() / group};
  for (auto* arrays : {&recorded.inputs, &recorded.outputs}) {
    for (golden::Array& array : *arrays) {
      const bool of_blocks = array.name.starts_with("scale") || array.name.starts_with("zero_point");
      if (of_blocks && element_count(array.shape) == element_count(grid)) array.shape = grid;
    }
  }
  return recorded;
}

namespace {

template <typename T>
golden::Array scalar(const char* name, const char* dtype, T value) {
  std::vector<std::byte> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return {name, dtype, {1, 1}, std::move(bytes), "", "", {1, 1}};
}

// Scale and zero point are numbers in the call. (Upstream takes the reciprocal of the scale in f64 before it rounds it
// to f32: the same for the scales that are recorded.)
void add_scalars(golden::Case& recorded) {
  const double scale = std::get<double>(recorded.attributes.at("scale"));
  recorded.inputs.push_back(scalar("scale", "f32", static_cast<float>(scale)));
  recorded.inputs.push_back(scalar("zero_point", "i64", std::get<std::int64_t>(recorded.attributes.at("zero_point"))));
}

void set_block(const golden::Case& recorded, Sizes& params) {
  const auto [rows, group] = flat_block(recorded);
  params["rows"] = rows;
  params["group"] = group;
}

}  // namespace

std::int64_t dtype_code(const std::string& name) {
  constexpr std::pair<std::string_view, DType> kNames[] = {
      {"uint4", DType::u8},    {"uint8", DType::u8},      {"int8", DType::i8},     {"int32", DType::i32},
      {"float16", DType::f16}, {"bfloat16", DType::bf16}, {"float32", DType::f32}, {"float64", DType::f64}};
  for (const auto& [known, dtype] : kNames) {
    if (known == name) return static_cast<std::int64_t>(dtype);
  }
  throw Error(fmt::format("element type '{}' is unknown", name));
}

namespace {

void set_dtype(const golden::Case& recorded, const std::string& attribute, const char* param, Sizes& params) {
  const std::string name = text_of(recorded, attribute);
  if (!name.empty()) params[param] = dtype_code(name);
}

// Where no range is given it is that of i8.
void set_range(const golden::Case& recorded, Sizes& params) {
  params["quant_min"] = integer_of(recorded, "quant_min").value_or(-128);
  params["quant_max"] = integer_of(recorded, "quant_max").value_or(127);
}

// The operators' words for eps.
std::int64_t eps_word(const golden::Case& recorded) {
  constexpr double kNumbers[] = {0, 1e-6, 1e-5, 0x1p-23};
  const golden::Attribute* found = find_attribute(recorded, "eps");
  const auto* number = found == nullptr ? nullptr : std::get_if<double>(found);
  if (number == nullptr) return 0;
  const auto* place = std::ranges::find(kNumbers, *number);
  if (place == std::end(kNumbers)) throw Error(fmt::format("{}: eps {} has no word", recorded.name, *number));
  return place - kNumbers;
}

void adapt_choose(const golden::Case& recorded, Sizes& params) {
  set_block(recorded, params);
  set_range(recorded, params);
  if (!params.contains("eps")) params["eps"] = eps_word(recorded);
  std::string mapping = text_of(recorded, "mapping") + text_of(recorded, "mapping_type");
  if (mapping.empty() || params.contains("mapping")) return;
  constexpr std::string_view kMappings[] = {"SYMMETRIC", "SYMMETRIC_NO_CLIPPING_ERR", "ASYMMETRIC"};
  const auto* place = std::ranges::find(kMappings, mapping);
  if (place == std::end(kMappings)) throw Error(fmt::format("{}: mapping {} is unknown", recorded.name, mapping));
  params["mapping"] = place - kMappings;
}

void adapt_tinygemm_choose(const golden::Case& recorded, Sizes& params) {
  set_block(recorded, params);
  set_range(recorded, params);
  params["eps"] = eps_word(recorded);
}

void adapt_quantize(const golden::Case& recorded, Sizes& params) {
  set_block(recorded, params);
  set_range(recorded, params);
  set_dtype(recorded, "output_dtype", "code", params);
}

void adapt_dequantize(const golden::Case& recorded, Sizes& params) {
  set_block(recorded, params);
  set_range(recorded, params);
  set_dtype(recorded, "input_dtype", "code", params);
  set_dtype(recorded, "output_dtype", "y", params);
}

void adapt_tinygemm(const golden::Case& recorded, Sizes& params) {
  set_block(recorded, params);
  set_range(recorded, params);
}

void adapt_fake_quantize(const golden::Case& recorded, Sizes& params) {
  params["eps"] = eps_word(recorded);
  set_dtype(recorded, "scale_dtype", "scale", params);
  set_dtype(recorded, "zero_point_dtype", "zp", params);
}

using Renames = GoldenBinding::Renames;

const Renames kOneScale = {{"scale", "scale"}, {"zero_point", "zero_point"}};
const Renames kScales = {{"scales", "scale"}, {"zero_points", "zero_point"}};

Renames with(Renames renames, const char* dataset, const char* port) {
  renames.emplace_back(dataset, port);
  return renames;
}

}  // namespace

GoldenBinding quantize(const char* name, const GoldenBinding::Renames& parameters, Sizes fixed, bool has_scalars) {
  return {.golden_op = name,
          .op = "quantize_affine",
          .inputs = with(parameters, "input", "x"),
          .attributes = {},
          .outputs = {{"output", "codes"}},
          .output_dtypes = {{"output", "code"}},
          .fixed = std::move(fixed),
          .adapt = adapt_quantize,
          .restate = [has_scalars](golden::Case recorded) {
            if (has_scalars) add_scalars(recorded);
            return on_grid(std::move(recorded));
          }};
}

GoldenBinding dequantize(const char* name, const GoldenBinding::Renames& parameters, bool has_scalars) {
  GoldenBinding binding = quantize(name, parameters, {}, has_scalars);
  binding.op = "dequantize_affine";
  binding.inputs = with(parameters, "input", "codes");
  binding.outputs = {{"output", "y"}};
  binding.output_dtypes = {{"output", "y"}};
  binding.adapt = adapt_dequantize;
  return binding;
}

GoldenBinding choose(const char* name, Sizes fixed) {
  return {.golden_op = name,
          .op = "choose_qparams_affine",
          .inputs = {{"input", "x"}},
          .attributes = {},
          .outputs = {{"scale", "scale"}, {"zero_point", "zero_point"}},
          .output_dtypes = {{"scale", "scale"}, {"zero_point", "zp"}},
          .fixed = std::move(fixed),
          .adapt = adapt_choose,
          .restate = on_grid};
}

std::vector<GoldenBinding> tinygemm_bindings() {
  GoldenBinding chosen = choose("torchao._choose_qparams_affine_tinygemm", {});
  chosen.op = "choose_qparams_tinygemm";
  chosen.output_dtypes = {};
  chosen.adapt = adapt_tinygemm_choose;
  GoldenBinding codes = quantize("torchao._quantize_affine_tinygemm", kOneScale, {});
  codes.op = "quantize_tinygemm";
  GoldenBinding values = dequantize("torchao._dequantize_affine_tinygemm", kOneScale);
  values.op = "dequantize_tinygemm";
  values.output_dtypes = {};
  values.adapt = adapt_tinygemm;
  return {chosen, codes, values};
}

std::vector<GoldenBinding> affine_bindings() {
  // Positions of choose_qparams_affine's words for mapping and eps, of quantize_affine's for order.
  constexpr std::int64_t kAsymmetric = 2, kLeastError = 3, kAbsmax = 4, kStretched = 5, k1e5 = 2, kEpsilonOfF32 = 3;
  const Sizes round_first = {{"order", 0}}, shift_first = {{"order", 1}};
  std::vector<GoldenBinding> bindings = {
      choose("torchao.choose_qparams_affine", {}),
      choose("executorch.torchao.choose_qparams_affine", {}),
      choose("torchao._choose_qparams_affine_dont_preserve_zero", {{"preserve_zero", 0}}),
      choose("executorch.quantized_decomposed.choose_qparams.tensor", {{"mapping", kAsymmetric}}),
      choose("executorch.quantized_decomposed.choose_qparams_per_token_asymmetric",
             {{"mapping", kLeastError}, {"eps", kEpsilonOfF32}}),
      choose("executorch.quantized_decomposed.choose_qparams_per_token", {{"mapping", kAbsmax}, {"eps", k1e5}}),
      choose("executorch.shader.choose_qparams_per_row", {{"mapping", kStretched}}),
      quantize("torchao.quantize_affine", kOneScale, {{"order", 0}, {"zero_point", 1}}),
      quantize("torchao._quantize_affine_no_zero_point", kOneScale, {{"order", 0}, {"zero_point", 0}}),
      quantize("executorch.torchao.quantize_affine", kOneScale, {{"order", 0}, {"zero_point", 1}}),
      quantize("executorch.quantized_decomposed.quantize_per_tensor", kOneScale, round_first, true),
      quantize("executorch.quantized_decomposed.quantize_per_channel", kScales, round_first),
      quantize("executorch.quantized_decomposed.quantize_per_channel_group", kScales, shift_first),
      quantize("executorch.quantized_decomposed.quantize_per_token", kScales, shift_first),
      dequantize("torchao.dequantize_affine", kOneScale),
      dequantize("torchao._dequantize_affine_no_zero_point", kOneScale),
      dequantize("executorch.torchao.dequantize_affine", kOneScale),
      dequantize("executorch.quantized_decomposed.dequantize_per_tensor", kOneScale, true),
      dequantize("executorch.quantized_decomposed.dequantize_per_channel", kScales),
      dequantize("executorch.quantized_decomposed.dequantize_per_channel_group", kScales),
      dequantize("executorch.quantized_decomposed.dequantize_per_token", kScales),
  };
  bindings.push_back({.golden_op = "torchao.per_token_dynamic_quant",
                      .op = "fake_quantize_per_token",
                      .inputs = {{"input", "x"}},
                      .attributes = {},
                      .outputs = {{"output", "y"}},
                      .output_dtypes = {},
                      .adapt = adapt_fake_quantize});
  for (GoldenBinding& binding : tinygemm_bindings()) bindings.push_back(std::move(binding));
  return bindings;
}

}  // namespace plumb
