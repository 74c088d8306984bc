// What operators from int8 activations to int8 activations share: how a number becomes a code, and layers of them.
#pragma once

#include <vector>

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {

/// Scale (f32) or zero point (i8) of a whole tensor.
[[nodiscard]] Port tensor_scale_port(std::string name, std::string meaning, Fill fill);
[[nodiscard]] Port tensor_zero_point_port(std::string name, std::string meaning);

/// Share of single int8 elements whose change by one moves a result of eight bits: there are many to a result.
inline constexpr double kLeastShownOfCodes = 0.1;

/// Adds clamp(rne(value / scale) + zero_point, -128, 127) to an answer: both codes if value +- error, divided in f32
/// or multiplied with the reciprocal, may round either way.
void append_code(Expected& expected, double value, double error, double scale, double zero_point);

/// f[m, n] = input_scale * weight_scales[n] * (sum_k x[m, k] * weights[n, k] - input_zp * weight_sums[n]) + bias[n],
/// max(f, 0) if `relu`, and its code.
struct Q8taLayer {
  GroupedLinear::Matrix x, weights;
  double input_scale, input_zp;
  std::vector<double> weight_sums, weight_scales, bias;  // bias: as many zeros where there is none
  bool relu;
  double output_scale, output_zp;

  /// Inputs of an operator by the names above; of weight_sums and bias, what is beyond the outputs is left out.
  Q8taLayer(const Op& op, const Problem& problem, GroupedLinear::Matrix x);
  /// [M, N]
  [[nodiscard]] Expected codes() const;
};

}  // namespace plumb
