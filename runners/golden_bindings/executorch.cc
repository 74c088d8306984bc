#include <algorithm>

#include "reference/ops.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

constexpr DType f32 = DType::f32, exact = DType::f64;

// torch on a CPU: the weight is dequantised to f32, then a blocked f32 matrix product of any order, and the bias.
constexpr Contract kTorchLinear{f32, f32, f32, 1, 4, false, true};
// The Vulkan shaders sum in f32 and may flush subnormals: scales are applied to partial sums or to weights.
constexpr Contract kShaderLinear{f32, f32, f32, 1, 8, true, true};
// One f32 product.
constexpr Contract kProduct{f32, exact, f32, 1, 0, false, true};

// Python's None is recorded as the text "none".
void padding_of(const golden::Case& recorded, Sizes& params) {
  const auto* multiple = std::get_if<std::int64_t>(&recorded.attributes.at("inner_dim_padding"));
  params["padding"] = multiple == nullptr ? 0 : *multiple;
}

// "nc_buffer", "kc_texture2d", ...
void order_of(const golden::Case& recorded, Sizes& params) {
  const auto& form = std::get<std::string>(recorded.attributes.at("form"));
  params["order"] = op_named("pack_w_4x8").param("order")->parse(form.substr(0, form.find('_')));
}

// The scales' shape says how many columns a group has: one of rank 1 is that of whole rows.
std::optional<golden::Case> with_scales_of_rank_2(golden::Case recorded) {
  for (golden::Array& array : recorded.inputs) {
    if (array.name == "weight_scales" && array.shape.size() == 1) array.shape.push_back(1);
  }
  return recorded;
}

// Upstream has the range of codes as a parameter of which it takes one value; ours is no parameter, and thus refuses
// others.
void group_of_embedding(const golden::Case& recorded, Sizes& params) {
  params["group"] =
      2 * array_named(recorded.inputs, "weight").shape[1] / array_named(recorded.inputs, "weight_scales").shape[1];
  const std::int64_t low = std::get<std::int64_t>(recorded.attributes.at("weight_quant_min"));
  if (low != -8) params["weight_quant_min"] = low;
}

}  // namespace

std::vector<GoldenBinding> executorch_bindings() {
  const GoldenBinding::Renames linear = {
      {"x", "x"}, {"weights", "weights"}, {"weight_scales", "weight_scales"}, {"bias", "bias"}};
  const GoldenBinding::Renames backward = {
      {"d_out", "d_out"}, {"weights", "weights"}, {"weight_scales", "weight_scales"}};
  const GoldenBinding::Renames gradient = {{"d_x", "d_x"}};
  const GoldenBinding::Renames per_channel = {{"x", "x"}, {"weight", "weight"}, {"scales", "scales"}};
  const GoldenBinding::Renames embedding = {
      {"weight", "weight"}, {"weight_scales", "weight_scales"}, {"indices", "indices"}};
  const GoldenBinding::Renames group = {{"group_size", "group"}};
  const GoldenBinding::Renames group_and_order = {{"group_size", "group"}, {"is_linear_weight", "linear"}};
  const GoldenBinding::Renames output = {{"output", "y"}}, type_of_output = {{"output", "out"}};
  const GoldenBinding::Renames latent = {{"latent", "latent"}, {"scales", "scales"}};
  const GoldenBinding::Renames packed_weight = {{"weight", "weight"}}, packed = {{"packed", "packed"}};
  return {
      {"executorch.linear_q4gsw", "linear_q4gsw", linear, group, output, {}, kTorchLinear},
      {"executorch.shader.linear_q4gsw", "linear_q4gsw", linear, group, output, {}, kShaderLinear},
      {"executorch.linear_q4gsw_backward", "linear_q4gsw_backward", backward, group, gradient, {}, kTorchLinear},
      {"executorch.shader.linear_q4gsw_backward",
       "linear_q4gsw_backward",
       backward,
       group,
       gradient,
       {},
       kShaderLinear},
      {"executorch.linear_qcs4w", "linear_qcs4w", per_channel, {}, output, {}, kTorchLinear, {{"codes", 0}}},
      {"executorch.shader.linear_qcs4w", "linear_qcs4w", per_channel, {}, output, {}, kShaderLinear, {{"codes", 1}}},
      {"executorch.embedding_q4gsw", "embedding_q4gsw", embedding, group_and_order, output, type_of_output, kProduct},
      {"executorch.shader.embedding_q4gsw", "embedding_q4gsw", embedding, group_and_order, output, type_of_output,
       kProduct},
      {"executorch.quantized_decomposed.embedding_4bit.dtype",
       "embedding_4bit",
       {{"weight", "weight"},
        {"weight_scales", "weight_scales"},
        {"weight_zero_points", "weight_zero_points"},
        {"indices", "indices"}},
       {},
       output,
       {},
       {},
       {},
       group_of_embedding,
       with_scales_of_rank_2},
      {"executorch.pack_4bit_weight_tensor",
       "pack_q4gsw",
       {{"weight_tensor", "codes"}},
       {},
       {{"packed", "packed"}},
       {},
       {},
       {},
       padding_of},
      {"executorch.compute_per_group_sums", "group_sums", {{"weight_tensor", "codes"}}, group, {{"sums", "sums"}}, {}},
      {"executorch.align_width_and_update_state_dict",
       "align_width",
       {{"cur_tensor", "x"}},
       {{"align_to", "align"}},
       {{"aligned", "aligned"}},
       {}},
      {"executorch.shader.pack_q4_linear_weight", "pack_q4_linear_weight", packed_weight, {}, packed, {}},
      {"executorch.shader.pack_q4_linear_weight__w_4x8", "pack_w_4x8", packed_weight, {}, packed, {}, {}, {}, order_of},
      {"executorch.shader.pack_q8_linear_weight", "pack_q8_linear_weight", {{"weight", "codes"}}, {}, packed, {}},
      {"executorch.q4gsw_requant", "q4gsw_requant", latent, group, packed, {}},
      {"executorch.shader.q4gsw_requant", "q4gsw_requant_w_4x8", latent, group, packed, {}},
      {"executorch.shader.pack_int4_linear_weight_transposed_interleaved",
       "pack_int4_transposed",
       packed_weight,
       {},
       packed,
       {}},
  };
}

}  // namespace plumb
