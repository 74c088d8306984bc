// ExecuTorch's operators from int8 activations to int8 activations.
#include <fmt/format.h>

#include "reference/error.h"
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Case;

// Upstream hands scales and zero points over as numbers: attribute -> input.
using Numbers = std::vector<std::pair<const char*, const char*>>;

golden::Array one_element(const char* name, const golden::Attribute& attribute) {
  const auto* integer = std::get_if<std::int64_t>(&attribute);
  Tensor tensor(integer != nullptr ? DType::i8 : DType::f32, {1});
  tensor.set(0, integer != nullptr ? static_cast<double>(*integer) : std::get<double>(attribute));
  return array_of(name, tensor);
}

Case with_numbers(Case recorded, const Numbers& numbers) {
  for (const auto& [attribute, input] : numbers) {
    recorded.inputs.push_back(one_element(input, recorded.attributes.at(attribute)));
  }
  return recorded;
}

const Numbers kInputAndOutput = {{"input_scale", "input_scale"},
                                 {"input_zero_point", "input_zp"},
                                 {"output_scale", "output_scale"},
                                 {"output_zero_point", "output_zp"}};

// With `numbers` as inputs of their names.
GoldenBinding binding(const char* golden_op, const char* op, GoldenBinding::Renames inputs, const Numbers& numbers) {
  for (const auto& [attribute, input] : numbers) inputs.emplace_back(input, input);
  return {.golden_op = golden_op,
          .op = op,
          .inputs = std::move(inputs),
          .attributes = {},
          .outputs = {{"output", "y"}},
          .output_dtypes = {},
          .restate = [numbers](Case recorded) { return std::optional(with_numbers(std::move(recorded), numbers)); }};
}

GoldenBinding layer(const char* golden_op, const char* op) {
  GoldenBinding result = binding(golden_op, op,
                                 {{"x", "x"},
                                  {"weights", "weights"},
                                  {"weight_sums", "weight_sums"},
                                  {"weight_scales", "weight_scales"},
                                  {"bias", "bias"}},
                                 kInputAndOutput);
  result.attributes = {{"activation", "activation"}};
  return result;
}

// The only number of a list such as "[3, 3]". Throws Error if there are others.
std::int64_t both_of(const Case& recorded, const char* name) {
  const std::string text = text_of(recorded, name);
  for (std::int64_t value = 0; value < 100; ++value) {
    if (text == fmt::format("[{}, {}]", value, value)) return value;
  }
  throw Error(fmt::format("{}: {}: expected the same number for both axes, got {}", recorded.name, name, text));
}

// Upstream pads the columns of weights to four, and its reference ignores both the padding and weight_sums, which are
// zeros in the record: those of the columns that count take their place.
Case with_whole_columns(Case recorded) {
  const std::int64_t side = both_of(recorded, "kernel_size");
  const Tensor padded = tensor_of(taken(recorded, "weights", "weights"));
  const std::int64_t columns = taken(recorded, "x", "x").shape[1] * side * side, outputs = padded.shape()[0];
  Tensor whole(padded.dtype(), {outputs, columns}), sums(DType::i32, {outputs});
  for (std::int64_t i = 0; i < whole.size(); ++i) {
    const std::int64_t n = i / columns;
    whole.set(i, padded.at(n * padded.shape()[1] + i % columns));
    sums.set(n, sums.at(n) + whole.at(i));
  }
  for (golden::Array& array : recorded.inputs) {
    if (array.name == "weights") array = array_of("weights", whole);
    if (array.name == "weight_sums") array = array_of("weight_sums", sums);
  }
  return recorded;
}

GoldenBinding convolution() {
  GoldenBinding result = layer("executorch.q8ta_conv2d", "q8ta_conv2d");
  result.adapt = [](const Case& recorded, Sizes& params) {
    params["kernel_h"] = params["kernel_w"] = both_of(recorded, "kernel_size");
    for (const char* name : {"stride", "padding", "dilation"}) params[name] = both_of(recorded, name);
  };
  result.restate = [](Case recorded) {
    return std::optional(with_numbers(with_whole_columns(std::move(recorded)), kInputAndOutput));
  };
  return result;
}

GoldenBinding pixel_shuffle() {
  GoldenBinding result =
      binding("executorch.q8ta_pixel_shuffle", "q8ta_pixel_shuffle", {{"input", "x"}}, kInputAndOutput);
  result.attributes = {{"upscale_factor", "upscale"}};
  result.restate = [](Case recorded) {
    recorded.attributes["output_scale"] = 1 / std::get<double>(recorded.attributes.at("output_inv_scale"));
    return std::optional(with_numbers(std::move(recorded), kInputAndOutput));
  };
  return result;
}

}  // namespace

std::vector<GoldenBinding> executorch_q8ta_bindings() {
  return {layer("executorch.q8ta_linear", "q8ta_linear"),
          layer("executorch.q8ta_linear_gemv", "q8ta_linear"),
          convolution(),
          binding("executorch.q8ta_relu", "q8ta_relu", {{"input", "x"}}, kInputAndOutput),
          binding("executorch.q8ta_add", "q8ta_add", {{"input_a", "a"}, {"input_b", "b"}},
                  {{"input_a_scale", "a_scale"},
                   {"input_a_zero_point", "a_zp"},
                   {"input_b_scale", "b_scale"},
                   {"input_b_zero_point", "b_zp"},
                   {"output_scale", "output_scale"},
                   {"output_zero_point", "output_zp"},
                   {"alpha", "alpha"}}),
          pixel_shuffle()};
}

}  // namespace plumb
