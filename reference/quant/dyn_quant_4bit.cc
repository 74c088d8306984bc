#include "reference/quant/dyn_quant_4bit.h"

#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Answer evaluate(const Problem& problem) {
  std::vector<double> value;
  for (const Tensor& part : problem.inputs) {
    for (std::int64_t i = 0; i < part.size(); ++i) value.push_back(round_to(DType::f32, part.at(i)));
  }
  return prescribed(std::move(value));
}

}  // namespace

Op pack_dyn_quant_4bit() {
  return {
      .name = "pack_dyn_quant_4bit",
      .summary = "packs 4-bit weight bytes, scales and bias into one f32 tensor",
      .source = "torch 2.13.0, aten::_dyn_quant_pack_4bit_weight, portable path",
      .semantics = "packed = weights, scales_zeros, bias: flat, one after the other, each element as f32",
      .sizes = {{"N", "outputs of the linear", {1, 2, 3, 4, 5, 17}},
                {"K", "inputs of the linear", {32, 34, 64, 96, 128, 256, 320}}},
      .params = {{"group", "columns that share a scale", Param::Kind::integer, {32, 34, 64, 96, 128, 256, 320}, 32},
                 {"scale",
                  "element type of the scales",
                  Param::Kind::dtype,
                  {static_cast<std::int64_t>(DType::f32), static_cast<std::int64_t>(DType::bf16)},
                  static_cast<std::int64_t>(DType::f32)},
                 {"bias", "there is a bias", Param::Kind::flag, {0, 1}, 0}},
      .inputs = {{.name = "weights",
                  .meaning = "two codes a byte, offset 8, the even column in the low nibble",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .fill = Fill::bytes,
                  .layouts = {"et_vk.q4_even_low"}},
                 {.name = "scales_zeros",
                  .meaning = "one scale a group",
                  .dtype = "scale",
                  .shape = "N, K/group",
                  .fill = Fill::scale},
                 {.name = "bias",
                  .meaning = "bias of the linear",
                  .dtype = "f32",
                  .shape = "N",
                  .fill = Fill::scale,  // all different, unlike small exact biases
                  .present_if = "bias"}},
      .outputs = {{.name = "packed",
                   .meaning = "codes' bytes, scales and bias",
                   .dtype = "f32",
                   .shape = "N * (K/2 + K/group + bias)"}},
      .constraints = {{"group > 0", "a group has columns"},
                      {"K % 2 == 0", "two codes fill a byte"},
                      {"group == K || group % 32 == 0", "required by ATen"},
                      {"K % group == 0", "groups fill a row"}},
      .evaluate = evaluate,
  };
}

}  // namespace plumb
