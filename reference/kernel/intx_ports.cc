#include "reference/kernel/intx_ports.h"

#include <Eigen/Dense>
#include <limits>

namespace plumb {
namespace {

enum Input : std::size_t { kX, kCodes, kScale, kZeroPoint, kBias };

}  // namespace

Size few_rows() { return {"M", "rows of activation", {1, 2, 4, 5, 9, 33}}; }
Size few_outputs() { return outputs_of({1, 3, 8, 9, 17, 33, 65}); }
Size intx_reduction() { return reduction({1, 7, 8, 16, 33, 64, 96, 144, 320, 1024}); }

std::vector<Param> intx_params() {
  return {group_param({1, 7, 8, 16, 32, 33, 48, 64, 96, 320, 1024}),
          float_param("x", "element type of x, bias and y", {DType::f32, DType::f16, DType::bf16}),
          float_param("scale", "element type of scale", {DType::f32, DType::f16, DType::bf16}),
          flag_param("zero_point", "there are zero points"),
          flag_param("bias", "bias is added"),
          lead_param()};
}

std::vector<Port> intx_inputs() {
  return {activation_port(), constant_port("codes", "codes", "i8", "N, K", Fill::integers),
          constant_port("scale", "scale of each group", "scale", "N, K/group", Fill::scale),
          optional_port(constant_port("zero_point", "zero point of each group", "i8", "N, K/group", Fill::integers)),
          optional_port(constant_port("bias", "added to every row", "x", "N", Fill::bias))};
}

std::vector<Constraint> intx_constraints(std::vector<Constraint> more) {
  more.insert(more.begin(), {{"K >= 1 && N >= 1", "there is something to multiply"},
                             {"group >= 1", "a group has at least one element"},
                             {"K % group == 0", "groups divide the reduction"}});
  return more;
}

GroupedLinear intx_linear(const Problem& problem, GroupedLinear::Matrix x) {
  const Extent extent = extent_of(problem.signature);
  const std::int64_t group = problem.signature["group"];
  const auto values = [&](Input input) {
    return by_group(problem.inputs[input], extent.rows, extent.columns / group, Order::outputs_first);
  };
  GroupedLinear linear{.x = std::move(x),
                       .code = integers_of(problem.inputs[kCodes], extent),
                       .scale = values(kScale),
                       .bias = row_of(problem.inputs[kBias]),
                       .group = group};
  if (problem.inputs[kZeroPoint].present()) linear.zero = values(kZeroPoint);
  return linear;
}

// Rounded twice on the way: |s (1 + u)^2 - s| = (2 + u) u |s|.
Expected sums_scaled_last(const GroupedLinear& linear, DType dtype) {
  Expected expected = evaluate(linear)[0];
  const double u = unit_roundoff(dtype), largest = info(dtype).max_finite;
  const GroupedLinear::Matrix unscaled = linear.x.cwiseAbs() * shifted_codes(linear).cwiseAbs().transpose();
  expected.rounded_before.resize(expected.value.size());
  for (std::size_t i = 0; i < expected.value.size(); ++i) {
    const double bias = linear.bias.size() == 0 ? 0 : linear.bias(static_cast<Eigen::Index>(i) % linear.bias.size());
    expected.rounded_before[i] = (2 + u) * std::abs(expected.value[i] - bias);
    const double sum = unscaled.data()[i];
    if (!(sum * (1 + 4 * u) < largest)) expected.peak[i] = std::numeric_limits<double>::infinity();
  }
  return expected;
}

}  // namespace plumb
