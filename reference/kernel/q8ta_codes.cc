#include "reference/kernel/q8ta_codes.h"

#include <algorithm>
#include <cmath>

#include "reference/bound.h"
#include "reference/quant/outcomes.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;

std::vector<double> first_of(const Tensor& tensor, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count && tensor.present(); ++i) values[static_cast<std::size_t>(i)] = tensor.at(i);
  return values;
}

// The quotient, or the product with the reciprocal, is rounded twice at most.
double code_of(double value, double scale, double zero_point, double direction) {
  const double exact = value / scale, error = std::abs(exact) * gamma(3, unit_roundoff(DType::f32));
  return std::clamp(std::nearbyint(exact + direction * error) + zero_point, -128.0, 127.0);
}

}  // namespace

Port tensor_scale_port(std::string name, std::string meaning, Fill fill) {
  return constant_port(std::move(name), std::move(meaning), "f32", "1", fill);
}
Port tensor_zero_point_port(std::string name, std::string meaning) {
  return constant_port(std::move(name), std::move(meaning), "i8", "1", Fill::integers);
}

void append_code(Expected& expected, double value, double error, double scale, double zero_point) {
  const double sign = scale < 0 ? -1 : 1;
  append(expected,
         {code_of(value - sign * error, scale, zero_point, -1), code_of(value + sign * error, scale, zero_point, 1)});
}

Q8taLayer::Q8taLayer(const Op& op, const Problem& problem, Matrix activation) : x(std::move(activation)) {
  const auto input = [&](const char* name) -> const Tensor& { return problem.inputs[op.input_index(name)]; };
  const std::int64_t outputs = problem.signature["N"];
  weights = matrix_of(input("weights"), outputs, x.cols());
  input_scale = input("input_scale").at(0);
  input_zp = input("input_zp").at(0);
  weight_sums = first_of(input("weight_sums"), outputs);
  weight_scales = first_of(input("weight_scales"), outputs);
  bias = first_of(input("bias"), outputs);
  relu = problem.signature["activation"] != 0;
  output_scale = input("output_scale").at(0);
  output_zp = input("output_zp").at(0);
}

// Kernels may sum products of x and weights that are both dequantised, in any order, or of integers. Each takes part in
// at most K sums; x and weight are scaled (2), the product is rounded (1), scaled twice (2), and the bias added (1).
// What is lost below the normal range is no more than a unit of it for each, times a code.
Expected Q8taLayer::codes() const {
  Expected expected;
  const Matrix sums = x * weights.transpose();
  const Matrix magnitudes = (x.array() - input_zp).matrix().cwiseAbs() * weights.cwiseAbs().transpose();
  const double relative = gamma(x.cols() + 6, unit_roundoff(DType::f32)) + gamma(x.cols() + 6, 0x1p-53);
  const double lost = 256 * static_cast<double>(x.cols() + 6) * min_normal(DType::f32);
  for (Eigen::Index i = 0; i < sums.size(); ++i) {
    const auto n = static_cast<std::size_t>(i % sums.cols());
    const double scale = input_scale * weight_scales[n];
    const double value = scale * (sums.data()[i] - input_zp * weight_sums[n]) + bias[n];
    const double error = relative * (std::abs(scale) * magnitudes.data()[i] + std::abs(bias[n])) + lost;
    if (relu && value - error < 0) {
      // What is cut off is certain.
      const double high = std::max(value + error, 0.0);
      append_code(expected, high / 2, high / 2, output_scale, output_zp);
    } else {
      append_code(expected, value, error, output_scale, output_zp);
    }
  }
  return expected;
}

}  // namespace plumb
