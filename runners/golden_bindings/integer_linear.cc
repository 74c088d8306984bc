// torchao's and ATen's linear layers with integer weights, and with activations quantised on the fly.
#include <fmt/format.h>

#include "reference/error.h"
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

constexpr DType f32 = DType::f32, exact = DType::f64;

const GoldenBinding::Renames kIntx = {
    {"input", "x"}, {"qdata", "codes"}, {"scale", "scale"}, {"zero_point", "zero_point"}, {"bias", "bias"}};

void group_of_block(const Case& recorded, Sizes& params) { params["group"] = block_size_of(recorded).back(); }

// Upstream rounds weights to the activation's type, which the binding's contract has to name.
GoldenBinding intx_tensor(const char* torch_type, DType type) {
  return {.golden_op = "torchao.IntxUnpackedToInt8Tensor.linear",
          .op = "linear_intx",
          .inputs = kIntx,
          .attributes = {},
          .outputs = {{"output", "y"}},
          .output_dtypes = {},
          .contract = {f32, type, f32, 1, 8, false, true},
          .adapt = group_of_block,
          .restate = [name = std::string(torch_type)](Case recorded) -> std::optional<Case> {
            return text_of(recorded, "dtype") == name ? std::optional(std::move(recorded)) : std::nullopt;
          }};
}

// A whole layer as one whose weight is quantised already.
Case with_quantised_weight(Case recorded) {
  for (const char* name : {"qdata", "scale", "zero_point"}) recorded.inputs.push_back(taken(recorded, name, name));
  recorded.outputs = {taken(recorded, "output", "output")};
  return recorded;
}

// The layers that quantise their activation, or the one that does not: of codes, whose sums are scaled.
GoldenBinding whole_layer(const char* op, bool weight_only) {
  return {.golden_op = "torchao.linear",
          .op = op,
          .inputs = kIntx,
          .attributes = {},
          .outputs = {{"output", "y"}},
          .output_dtypes = {},
          .contract = {f32, exact, f32, 1, 8, false, true},
          .adapt =
              [=](const Case& recorded, Sizes& params) {
                group_of_block(recorded, params);
                if (weight_only) params["scaling"] = 1;
                if (text_of(recorded, "variant") == "int8_dynamic") params["activation"] = 1;
              },
          .restate = [=](Case recorded) -> std::optional<Case> {
            if ((text_of(recorded, "variant") == "int8_weight_only") != weight_only) return std::nullopt;
            return with_quantised_weight(std::move(recorded));
          }};
}

// The variants of weights that torchao.linear records, and how they are quantised.
struct Variant {
  const char* name;
  std::int64_t bits, mapping, eps;  // choose_qparams_affine's words
};
constexpr Variant kVariants[] = {{"int4_sym_group", 4, 0, 0},     {"int4_asym_group", 4, 2, 0},
                                 {"int4_symnc_channel", 4, 1, 0}, {"int2_sym_group", 2, 0, 0},
                                 {"int8_weight_only", 8, 0, 3},   {"int8_dynamic", 8, 0, 3}};

const Variant& variant_of(const Case& recorded) {
  const std::string name = text_of(recorded, "variant");
  for (const Variant& variant : kVariants) {
    if (variant.name == name) return variant;
  }
  throw Error(fmt::format("{}: how variant '{}' quantises its weight is unknown", recorded.name, name));
}

// A step of quantising a whole layer's weight.
GoldenBinding weight_step(GoldenBinding binding, Step step) {
  if (step == Step::choose) {
    binding.adapt = [adapt = binding.adapt](const Case& recorded, Sizes& params) {
      if (adapt) adapt(recorded, params);
      params["mapping"] = variant_of(recorded).mapping;
      params["eps"] = variant_of(recorded).eps;
    };
  }
  binding.restate = [=](Case whole) -> std::optional<Case> {
    const std::int64_t half = std::int64_t{1} << (variant_of(whole).bits - 1);
    whole.attributes["quant_min"] = -half;
    whole.attributes["quant_max"] = half - 1;
    std::erase_if(whole.inputs, [](const Array& array) { return array.name == "input"; });
    return on_grid(step_of(whole, step, {"w", "qdata"}));
  };
  return binding;
}

// Elements of a flat tensor from `first` on, as another tensor.
Array part_of(const Array& packed, std::int64_t first, const char* name, DType dtype, const Shape& shape) {
  const Tensor from = tensor_of(packed);
  Tensor to(dtype, shape);
  for (std::int64_t i = 0; i < to.size(); ++i) to.set(i, from.at(first + i));
  return array_of(name, to);
}

// ATen's packed tensor holds bytes of codes, scales and bias, one after the other.
std::optional<Case> unpacked(Case recorded) {
  const auto size = [&](const char* name) { return integer_of(recorded, name).value(); };
  const std::int64_t outputs = size("out_features"), columns = size("in_features");
  const std::int64_t groups = columns / size("block_size"), bytes = outputs * columns / 2;
  const Array packed = taken(recorded, "packed_weights", "packed");
  recorded.inputs = {taken(recorded, "inp", "x"), part_of(packed, 0, "weights", DType::u8, {outputs, columns / 2}),
                     part_of(packed, bytes, "scales", f32, {outputs, groups})};
  if (element_count(packed.shape) > bytes + outputs * groups) {
    recorded.inputs.push_back(part_of(packed, bytes + outputs * groups, "bias", f32, {outputs}));
  }
  return recorded;
}

}  // namespace

std::vector<GoldenBinding> integer_linear_bindings() {
  const GoldenBinding::Renames parameters = {{"scale", "scale"}, {"zero_point", "zero_point"}};
  return {intx_tensor("float32", f32),
          intx_tensor("float16", DType::f16),
          intx_tensor("bfloat16", DType::bf16),
          whole_layer("linear_intx", true),
          whole_layer("linear_dynamic_intx", false),
          weight_step(choose("torchao.linear", {}), Step::choose),
          weight_step(quantize("torchao.linear", parameters, {{"order", 0}}), Step::quantize),
          {.golden_op = "aten._dyn_quant_matmul_4bit",
           .op = "dyn_quant_matmul_4bit",
           .inputs = {{"x", "x"}, {"weights", "weights"}, {"scales", "scales"}, {"bias", "bias"}},
           .attributes = {{"block_size", "group"}},
           .outputs = {{"output", "y"}},
           .output_dtypes = {},
           .restate = unpacked}};
}

}  // namespace plumb
