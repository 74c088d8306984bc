// Errors as they come from wrong sums of a quantised activation: weights whose codes have an offset need them.

#include <Eigen/Dense>
#include <algorithm>

#include "runners/diagnosis/evidence.h"

namespace plumb {

// y[m, n] is off by sum_g scale[g, n] * c[m, g] if the sum of group g of row m is off by something: in every row the
// errors of all outputs follow from one number for each group.
std::string activation_sums_of(const Evidence& evidence) {
  const Op& op = *evidence.question().op;
  const Problem& problem = evidence.question().problem;
  const auto scale_port = std::ranges::find(op.inputs, Fill::scale, &Port::fill);
  const bool quantises = op.has(Fill::activation_scale);
  if (scale_port == op.inputs.end() || !quantises || evidence.outputs().size() != 1) return "";
  const Tensor& scales = problem.inputs[static_cast<std::size_t>(scale_port - op.inputs.begin())];
  const std::int64_t outputs = problem.signature["N"], groups = outputs == 0 ? 0 : scales.size() / outputs;
  if (scales.shape().size() != 2 || outputs < 2 * groups || outputs < 4) return "";
  Eigen::MatrixXd scale(outputs, groups);
  for (std::int64_t i = 0; i < scales.size(); ++i) scale(i % outputs, i / outputs) = scales.at(i);
  const std::vector<double>& want = evidence.question().expected[0].value;
  const Tensor& got = evidence.outputs()[0];
  Eigen::MatrixXd error(outputs, got.size() / outputs);
  for (std::int64_t i = 0; i < got.size(); ++i) {
    error(i % outputs, i / outputs) = got.at(i) - want[static_cast<std::size_t>(i)];
  }
  const Eigen::MatrixXd rest = error - scale * scale.colPivHouseholderQr().solve(error);
  if (!(rest.norm() <= 1e-4 * error.norm())) return "";
  return "the sums of the quantised activation's groups are off: in each row the errors are multiples of the groups' "
         "scales";
}

}  // namespace plumb
