#include "reference/kernel/q8ta_linear.h"

#include <cmath>

#include "reference/bound.h"
#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"
#include "reference/quant/outcomes.h"

namespace plumb {
namespace {

enum Input : std::size_t {
  kX,
  kInputScale,
  kInputZp,
  kWeights,
  kWeightSums,
  kWeightScales,
  kOutputScale,
  kOutputZp,
  kBias
};

using Matrix = GroupedLinear::Matrix;

// f as kernels may find it: products of x and weights, both dequantised, in any order, or of integers. Each takes part
// in at most K sums; x and weight are scaled (2), the product is rounded (1), scaled twice (2), and the bias added (1).
// What is lost below the normal range is no more than a unit of it for each.
struct Sums {
  Matrix value, error;

  explicit Sums(const Problem& problem) {
    const auto at = [&](Input input, std::int64_t i) { return problem.inputs[input].at(i); };
    const std::int64_t rows = problem.signature["M"], columns = problem.signature["K"],
                       outputs = problem.signature["N"];
    const Matrix x = matrix_of(problem.inputs[kX], rows, columns);
    const Matrix weights = matrix_of(problem.inputs[kWeights], outputs, columns);
    const Matrix shifted = (x.array() - at(kInputZp, 0)).matrix();
    value = x * weights.transpose();
    error = shifted.cwiseAbs() * weights.cwiseAbs().transpose();
    const double relative = gamma(columns + 6, unit_roundoff(DType::f32)) + gamma(columns + 6, 0x1p-53);
    for (std::int64_t n = 0; n < outputs; ++n) {
      const double scale = at(kInputScale, 0) * at(kWeightScales, n);
      const double bias = problem.inputs[kBias].present() ? at(kBias, n) : 0;
      for (std::int64_t m = 0; m < rows; ++m) {
        value(m, n) = scale * (value(m, n) - at(kInputZp, 0) * at(kWeightSums, n)) + bias;
        error(m, n) = relative * (std::abs(scale) * error(m, n) + std::abs(bias)) +
                      256 * static_cast<double>(columns + 6) * min_normal(DType::f32);
      }
    }
  }
};

// The quotient, or the product with the reciprocal, is rounded twice at most.
double quotient(double value, double scale, double direction) {
  const double exact = value / scale;
  return exact + direction * std::abs(exact) * gamma(3, unit_roundoff(DType::f32));
}

Answer evaluate_linear(const Problem& problem) {
  const Sums sums(problem);
  const bool relu = problem.signature["activation"] != 0;
  const double scale = problem.inputs[kOutputScale].at(0), zero_point = problem.inputs[kOutputZp].at(0);
  Answer answer(1);
  for (Eigen::Index i = 0; i < sums.value.size(); ++i) {
    const auto code = [&](double direction) {
      const double end = sums.value.data()[i] + direction * sums.error.data()[i];
      return std::clamp(std::nearbyint(quotient(relu ? std::max(end, 0.0) : end, scale, direction)) + zero_point,
                        -128.0, 127.0);
    };
    append(answer[0], {code(-1), code(1)});
  }
  return answer;
}

Port number_port(std::string name, std::string meaning, std::string dtype, Fill fill) {
  return constant_port(std::move(name), std::move(meaning), std::move(dtype), "1", fill);
}

}  // namespace

Op q8ta_linear() {
  Port sums = constant_port("weight_sums", "sums of the codes of each row", "i32", "ceil_to(N, 4)", Fill::code_sums);
  sums.low = "-(128 * K)";
  sums.high = "128 * K";
  return {
      .name = "q8ta_linear",
      .summary = "linear layer from an int8 activation to an int8 activation, 8-bit weights with a scale for each row",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_linear, q8ta_linear_gemv",
      .semantics =
          "y[m, n] = clamp(rne((input_scale * weight_scales[n] * (sum_k x[m, k] * weights[n, k] - input_zp * "
          "weight_sums[n]) + bias[n]) / output_scale) + output_zp, -128, 127)",
      .sizes = {rows_of_activation(), reduction({1, 3, 4, 7, 8, 16, 32, 33, 64, 96, 128, 320, 512}), outputs()},
      .params = {choice_param("activation", "what is applied before the result is quantised", {"none", "relu"}),
                 flag_param("bias", "bias is added"), lead_param()},
      .inputs = {{.name = "x", .meaning = "activation", .dtype = "i8", .shape = "M..., K", .fill = Fill::integers},
                 number_port("input_scale", "scale of x", "f32", Fill::scale),
                 number_port("input_zp", "zero point of x", "i8", Fill::integers),
                 constant_port("weights", "codes", "i8", "N, K", Fill::integers),
                 std::move(sums),
                 constant_port("weight_scales", "scale of each row", "f32", "N", Fill::scale),
                 number_port("output_scale", "scale of y", "f32", Fill::activation_scale),
                 number_port("output_zp", "zero point of y", "i8", Fill::integers),
                 optional_port(constant_port("bias", "added to every row", "f32", "ceil_to(N, 4)", Fill::bias))},
      .outputs = {{.name = "y", .meaning = "result", .dtype = "i8", .shape = "M..., N"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K <= 65536", "a sum of products has 32 bits"}},
      .left_open = "the order of sums, and roundings in f32",
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
