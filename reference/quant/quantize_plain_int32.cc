#include "reference/quant/quantize_plain_int32.h"

#include <cmath>

#include "reference/layout/layouts.h"
#include "reference/quant/affine_blocks.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/integer_codes.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

enum class Device { xpu, npu };
constexpr std::int64_t kAsymmetric = 2, k1e6 = 1;  // choose_qparams_affine's words

// Words of eight codes; open where one of them is.
Expected packed(const Layout& layout, Extent extent, const Expected& codes) {
  const Tensor known = step_tensor(DType::i32, {extent.rows, extent.columns}, codes);
  Expected words;
  words.value = elements(DType::i32, pack_integers(layout, extent, known));
  for (std::size_t i = 0; i < codes.value.size(); ++i) {
    if (std::isnan(codes.value[i])) words.value[i / 8] = std::nan("");
  }
  return words;
}

Expected transposed(const Expected& from, std::int64_t rows) {
  Expected to;
  const std::int64_t columns = std::ssize(from.value) / rows;
  for (std::int64_t i = 0; i < std::ssize(from.value); ++i) {
    to.value.push_back(from.value[static_cast<std::size_t>(i % rows * columns + i / rows)]);
  }
  return to;
}

Answer evaluate(const Problem& problem, Device device) {
  const Signature& signature = problem.signature;
  const Tensor& weight = problem.inputs[0];
  const std::int64_t rows = signature["N"], columns = signature["K"], group = signature["group"];
  const std::int64_t lowest = device == Device::npu ? -8 : 0;
  const DType zero_type = device == Device::npu ? weight.dtype() : DType::i8;
  const Sizes range = {{"group", group}, {"quant_min", lowest}, {"quant_max", lowest + 15}};
  Sizes choice = range;
  choice.insert({{"mapping", kAsymmetric},
                 {"eps", k1e6},
                 {"scale", signature["w"]},
                 {"zp", static_cast<std::int64_t>(zero_type)}});
  const Answer chosen = evaluate_step(choose_qparams_affine(), choice, {weight});
  const Shape grid = {rows, columns / group};
  Answer codes =
      evaluate_step(quantize_affine(), range,
                    {weight, step_tensor(weight.dtype(), grid, chosen[0]), step_tensor(zero_type, grid, chosen[1])});
  for (std::int64_t i = 0; i < weight.size(); ++i) {  // codes depend on a zero point that is open
    if (std::isnan(chosen[1].value[static_cast<std::size_t>(i / group)])) {
      codes[0].value[static_cast<std::size_t>(i)] = std::nan("");
    }
  }
  const Layout& layout = layout_named(lowest < 0 ? "torchao.plain_int32_signed" : "torchao.plain_int32");
  return {packed(layout, {rows, columns}, codes[0]), transposed(chosen[0], rows), transposed(chosen[1], rows)};
}

// What both variants share.
Op plain_int32_op(Device device) {
  return {
      .name = "quantize_plain_int32",
      .summary = "quantises a weight to 4 bits in groups, and packs eight codes to a 32-bit word",
      .source = "torchao 0.18.0, int4_plain_int32_tensor.py: Int4PlainInt32Tensor.from_hp, for XPU",
      .semantics =
          "qdata[n, k/8] holds clamp(rne(w[n, k] * (1/scale)) + zero_point, 0, 15) in bits 4*(k%8) and up; scale and "
          "zero_point as choose_qparams_affine gives them, transposed",
      .sizes = {{"N", "rows", {1, 2, 3, 5, 16, 17}}, {"K", "columns", {8, 16, 24, 32, 40, 64, 72, 96, 128, 256, 384}}},
      .params = {{"group", "columns of a group", Param::Kind::integer, {1, 2, 8, 16, 24, 32, 64, 128}, {}},
                 dtype_param("w", "element type of the weight and of the scales", {DType::bf16, DType::f16})},
      .inputs = {{.name = "w", .meaning = "weight", .dtype = "w", .shape = "N, K", .fill = Fill::weight}},
      .outputs = {{.name = "qdata", .meaning = "eight codes a word", .dtype = "i32", .shape = "N, K/8"},
                  {.name = "scale", .meaning = "one a group", .dtype = "w", .shape = "K/group, N"},
                  {.name = "zero_point", .meaning = "one a group", .dtype = "i8", .shape = "K/group, N"}},
      .constraints = {{"N > 0 && K > 0", "a group has elements"},
                      {"K % 8 == 0", "eight codes fill a word"},
                      {"group > 0", "a group has columns"},
                      {"K % group == 0", "groups fill the columns"}},
      .evaluate = [device](const Problem& problem) { return evaluate(problem, device); },
  };
}

}  // namespace

Op quantize_plain_int32() { return plain_int32_op(Device::xpu); }

Op quantize_plain_int32_npu() {
  Op op = plain_int32_op(Device::npu);
  op.name = "quantize_plain_int32_npu";
  op.inputs[0].least_shown = 0.2;  // a sixteenth of a weight is often less than a code
  op.source = "torchao 0.18.0, int4_plain_int32_tensor.py: Int4PlainInt32Tensor.from_hp, for NPU";
  op.semantics =
      "qdata[n, k/8] holds clamp(rne(w[n, k] * (1/scale)) + zero_point, -8, 7) & 15 in bits 4*(k%8) and up; scale and "
      "zero_point as choose_qparams_affine gives them, transposed";
  op.sizes[1].sweep = {64, 96, 128, 160, 256, 384};
  op.params[0].values = {32, 64, 96, 128};
  op.params[0].default_value = 32;
  op.outputs[2].dtype = "w";
  op.constraints.push_back({"group % 32 == 0 && group < K", "groups are multiples of 32 and less than a row"});
  return op;
}

}  // namespace plumb
