#include "reference/kernel/matmul_compressed.h"

#include <cmath>

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"
#include "reference/shape_formula.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWeight, kScale, kZeroCodes, kZeroPoint };

const char* const kLayouts[] = {"openvino.u2", "openvino.u4", "openvino.i4", "openvino.u8", "openvino.i8"};

// Bytes of `count` codes of the type.
std::string bytes_of(const std::string& count) {
  return "ceil_div(" + count + " * (8 - 6 * (type == 0) - 4 * (type == 1 || type == 2)), 8)";
}

// [N, G], or one for all.
std::string small_shape(const std::string& choice) {
  return "1 + (N - 1) * (" + choice + " == 0), 1 + (K/group - 1) * (" + choice + " == 0)";
}

// x quantised to int8 and back, `group` columns of a row at a time, quotients rounded to f32.
void quantise_dynamically(GroupedLinear::Matrix& x, std::int64_t group) {
  for (std::int64_t m = 0; m < x.rows(); ++m) {
    for (std::int64_t first = 0; first < x.cols(); first += group) {
      const double scale = round_to(DType::f32, x.row(m).segment(first, group).cwiseAbs().maxCoeff() / 127);
      for (std::int64_t k = first; k < first + group; ++k) {
        x(m, k) = scale == 0 ? 0 : scale * std::nearbyint(round_to(DType::f32, x(m, k) / scale));
      }
    }
  }
}

Answer evaluate_matmul(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const std::int64_t group = signature["group"];
  const auto values = [&](const Tensor& tensor) {
    return by_group(tensor, extent.rows, extent.columns / group, Order::outputs_first);
  };
  const char* layout = kLayouts[signature["type"]];
  GroupedLinear linear{.x = matrix_of(problem.inputs[kX], signature["M"], extent.columns),
                       .code = flat_codes_of(layout, extent, problem.inputs[kWeight]),
                       .scale = values(problem.inputs[kScale]),
                       .bias = {},
                       .group = group};
  if (signature["zero_point"] != 0) linear.zero = values(problem.inputs[kZeroPoint]);
  if (signature["zero_codes"] != 0) {
    const Shape shape = evaluate_shape(small_shape("zeros"), signature);
    const auto codes = flat_codes_of(layout, {shape[0], shape[1]}, problem.inputs[kZeroCodes]).all();
    Tensor zeros(DType::f32, shape);
    for (std::int64_t i = 0; i < zeros.size(); ++i) zeros.set(i, codes.data()[i]);
    linear.zero = values(zeros);
  }
  if (signature["dynamic"] != 0) quantise_dynamically(linear.x, signature["dynamic"]);
  return evaluate(linear);
}

// Rows of sub-byte codes share bytes, and a scale may serve all: no shape tells N.
Param outputs_param() {
  return {"N",
          "outputs",
          Param::Kind::integer,
          {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 129},
          std::nullopt};
}

std::vector<Param> parameters() {
  return {
      outputs_param(),
      group_param({4, 8, 9, 12, 16, 32, 40, 48, 64, 80, 96, 128, 256}),
      choice_param("type", "OpenVINO element type of the weight", {"u2", "u4", "i4", "u8", "i8"}),
      float_param("x", "element type of x and y", {DType::f32, DType::f16, DType::bf16}),
      float_param("scale", "element type of scale", {DType::f32, DType::f16, DType::bf16}),
      float_param("zero", "element type of zero_point", {DType::u8, DType::i8, DType::f32, DType::f16, DType::bf16}),
      choice_param("scales", "what has a scale of its own", {"group", "tensor"}),
      choice_param("zeros", "what has a zero point of its own", {"group", "tensor"}),
      flag_param("zero_codes", "zero points are given in the weight's type"),
      flag_param("zero_point", "zero points are given as numbers"),
      lead_param(),
      {"dynamic",
       "columns of a row of x that are quantised to int8 together first; 0: none",
       Param::Kind::integer,
       {0, 32},
       0}};
}

}  // namespace

Op matmul_compressed() {
  return {
      .name = "matmul_compressed",
      .summary = "matrix multiplication with a weight that OpenVINO has compressed to 2, 4 or 8 bits",
      .source = "OpenVINO 2026.4: Constant, Convert, Subtract, Multiply, Reshape, MatMul",
      .semantics = "y[m, n] = sum_k x[m, k] * (q[n, k] - z[n, k / group]) * scale[n, k / group]",
      .sizes = {rows_of_activation(),
                reduction({8, 9, 12, 16, 32, 36, 40, 48, 60, 64, 96, 120, 128, 160, 192, 256, 320, 512, 1024})},
      .params = parameters(),
      .inputs = {activation_port(),
                 {.name = "weight",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = bytes_of("N * K"),
                  .role = Role::constant,
                  .fill = Fill::bytes,
                  .layouts = {std::begin(kLayouts), std::end(kLayouts)},
                  .layout_param = "type"},
                 constant_port("scale", "scale of each group", "scale", small_shape("scales"), Fill::scale),
                 optional_port(constant_port("zero_codes", "zero points, packed as codes", "u8",
                                             bytes_of("((zeros == 0) * (N * K/group - 1) + 1)"), Fill::bytes)),
                 {.name = "zero_point",
                  .meaning = "zero points",
                  .dtype = "zero",
                  .shape = small_shape("zeros"),
                  .role = Role::constant,
                  .fill = Fill::integers,
                  .low = "0 - 128 * ((zero == 2 && type != 3) || (zero >= 5 && type == 4))",
                  .high = "255 - 128 * (zero == 2 || type == 4) - 8 * (type == 2 && zero != 2)",
                  .present_if = "zero_point"}},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduction"},
                      {"zero_codes == 0 || zero_point == 0", "there is one kind of zero point"},
                      {"dynamic == 0 || dynamic == 32", "what OpenVINO has by default"},
                      {"dynamic == 0 || (K % 32 == 0 && x == 7)", "32 columns of f32 are quantised together"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 255,
      .evaluate = evaluate_matmul,
  };
}

}  // namespace plumb
