// torchao's quantisers that are several steps: each step is judged with what the record holds of the step before.
#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

const GoldenBinding::Renames kParameters = {{"scale", "scale"}, {"zero_point", "zero_point"}};

// The steps of a whole quantiser whose record holds what passes between them.
enum class Step { choose, quantize, dequantize };

golden::Array taken(const golden::Case& whole, std::string_view name, const char* as) {
  const golden::Array* found = find_array(whole.inputs, name);
  if (found == nullptr) found = find_array(whole.outputs, name);
  if (found == nullptr) throw Error(fmt::format("{}: expected a recorded tensor '{}'", whole.name, name));
  golden::Array array = *found;
  array.name = as;
  return array;
}

// Names of the values and of the codes in a record of a whole quantiser; the rest are called alike everywhere.
struct WholeNames {
  const char* values;
  const char* codes;
  bool has_zero_point = true;
};

golden::Case step_of(const golden::Case& whole, Step step, const WholeNames& names) {
  golden::Case result = whole;
  const bool from_values = step != Step::dequantize;
  result.inputs = {taken(whole, from_values ? names.values : names.codes, "input")};
  if (step == Step::choose) return result;
  std::vector<golden::Array> parameters = {taken(whole, "scale", "scale")};
  if (names.has_zero_point) parameters.push_back(taken(whole, "zero_point", "zero_point"));
  result.inputs.insert(result.inputs.end(), parameters.begin(), parameters.end());
  result.outputs = {step == Step::quantize ? taken(whole, names.codes, "output")
                                           : taken(whole, "dequantized", "output")};
  return result;
}

// A step of torchao's per-token quantisers of activations.
GoldenBinding per_token(GoldenBinding binding, Step step, const WholeNames& names, std::int64_t quant_min) {
  binding.restate = [=](golden::Case whole) {
    whole.attributes["quant_min"] = quant_min;
    return on_grid(step_of(whole, step, names));
  };
  if (!names.has_zero_point && step == Step::choose) binding.outputs = {{"scale", "scale"}};
  return binding;
}

std::vector<GoldenBinding> per_token_bindings() {
  constexpr const char *kAsymmetric = "torchao.int8_asym_per_token",
                       *kAbsmax = "torchao._quantize_activation_per_token_absmax";
  const WholeNames asymmetric{"input", "qdata"}, absmax{"t", "quantized", false};
  // Words of choose_qparams_affine: asymmetric; symmetric with eps 1e-5.
  return {per_token(choose(kAsymmetric, {{"mapping", 2}}), Step::choose, asymmetric, -128),
          per_token(quantize(kAsymmetric, kParameters, {{"order", 0}}), Step::quantize, asymmetric, -128),
          per_token(dequantize(kAsymmetric, kParameters), Step::dequantize, asymmetric, -128),
          per_token(choose(kAbsmax, {{"mapping", 0}, {"eps", 2}}), Step::choose, absmax, -127),
          per_token(quantize(kAbsmax, kParameters, {{"order", 0}}), Step::quantize, absmax, -127)};
}

// A step of the affine algorithm of IntxUnpackedToInt8Tensor.from_hp.
GoldenBinding intx(GoldenBinding binding, Step step) {
  binding.restate = [step](golden::Case whole) -> std::optional<golden::Case> {
    const bool was_refused = whole.outputs.empty();  // by the first step
    if (text_of(whole, "algorithm") != "affine" || (was_refused && step != Step::choose)) return std::nullopt;
    const std::int64_t half = std::int64_t{1} << (integer_of(whole, "bits").value_or(8) - 1);
    whole.attributes["quant_min"] = -half;
    whole.attributes["quant_max"] = half - 1;
    return on_grid(step_of(whole, step, {"w", "qdata"}));
  };
  return binding;
}

std::vector<GoldenBinding> intx_bindings() {
  constexpr const char* kFromHp = "torchao.IntxUnpackedToInt8Tensor.from_hp";
  return {intx(choose(kFromHp, {}), Step::choose), intx(quantize(kFromHp, kParameters, {{"order", 0}}), Step::quantize),
          intx(dequantize(kFromHp, kParameters), Step::dequantize)};
}

golden::Array array_of(const char* name, const Tensor& tensor) {
  return {name,           std::string(to_string(tensor.dtype())),
          tensor.shape(), {tensor.bytes().begin(), tensor.bytes().end()},
          "bitwise",      "",
          tensor.shape()};
}

Tensor tensor_of(const golden::Array& array) { return {dtype_from_string(array.dtype), array.shape, array.bytes}; }

// [G, N] as [N, G], of another element type if one is named.
golden::Array transposed(const golden::Array& array, std::optional<DType> dtype = std::nullopt) {
  const Tensor from = tensor_of(array);
  Tensor to(dtype.value_or(from.dtype()), {from.shape()[1], from.shape()[0]});
  for (std::int64_t i = 0; i < to.size(); ++i) {
    const std::int64_t row = i / to.shape()[1], column = i % to.shape()[1];
    to.set(i, from.at(column * from.shape()[1] + row));
  }
  return array_of(array.name.c_str(), to);
}

// The codes in the words of Int4PlainInt32Tensor's qdata.
golden::Array codes_of(const golden::Array& words, bool is_signed) {
  const Layout& layout = layout_named(is_signed ? "torchao.plain_int32_signed" : "torchao.plain_int32");
  const Extent extent{words.shape[0], words.shape[1] * 8};
  std::vector<std::uint8_t> bytes(words.bytes.size());
  std::ranges::transform(words.bytes, bytes.begin(),
                         [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  const std::vector<int> codes = unpack(layout, extent, bytes);
  Tensor tensor(DType::i32, {extent.rows, extent.columns});
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, codes[static_cast<std::size_t>(i)]);
  return array_of("codes", tensor);
}

// A step of Int4PlainInt32Tensor.from_hp, whose scales and zero points are stored transposed. What it quantises is
// dequantised with scales in f32.
GoldenBinding plain_int32(GoldenBinding binding, Step step, bool is_signed) {
  binding.restate = [=](golden::Case whole) -> std::optional<golden::Case> {
    if (whole.outputs.empty()) return std::nullopt;
    whole.attributes["quant_min"] = std::int64_t{is_signed ? -8 : 0};
    whole.attributes["quant_max"] = std::int64_t{is_signed ? 7 : 15};
    const std::optional<DType> scale = step == Step::dequantize ? std::optional(DType::f32) : std::nullopt;
    std::vector<golden::Array> outputs = {codes_of(*find_array(whole.outputs, "qdata"), is_signed),
                                          transposed(*find_array(whole.outputs, "scale"), scale),
                                          transposed(*find_array(whole.outputs, "zero_point")),
                                          *find_array(whole.outputs, "dequantized")};
    whole.outputs = std::move(outputs);
    return on_grid(step_of(whole, step, {"w", "codes"}));
  };
  return binding;
}

std::vector<GoldenBinding> plain_int32_bindings() {
  std::vector<GoldenBinding> bindings;
  const Sizes asymmetric_1e6 = {{"mapping", 2}, {"eps", 1}};
  for (const auto& [name, is_signed] : {std::pair{"torchao.Int4PlainInt32Tensor.from_hp.xpu", false},
                                        {"torchao.Int4PlainInt32Tensor.from_hp.npu", true}}) {
    bindings.push_back(plain_int32(choose(name, asymmetric_1e6), Step::choose, is_signed));
    bindings.push_back(plain_int32(quantize(name, kParameters, {{"order", 0}}), Step::quantize, is_signed));
    bindings.push_back(plain_int32(dequantize(name, kParameters), Step::dequantize, is_signed));
  }
  return bindings;
}

}  // namespace

std::vector<GoldenBinding> quantiser_step_bindings() {
  std::vector<GoldenBinding> bindings;
  for (const auto family : {per_token_bindings, intx_bindings, plain_int32_bindings}) {
    for (GoldenBinding& binding : family()) bindings.push_back(std::move(binding));
  }
  return bindings;
}

}  // namespace plumb
