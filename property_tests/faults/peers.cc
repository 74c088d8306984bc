#include "property_tests/faults/peers.h"

#include <cmath>

#include "reference/ops.h"
#include "runners/execute.h"
#include "runners/philox.h"

namespace plumb::faults {
namespace {

// Nearly normal: twelve uniform numbers, less their mean.
double normal(const Random& random, std::uint64_t index) {
  double sum = -6;
  for (std::uint64_t i = 0; i < 12; ++i) sum += random.uniform(12 * index + i, 0, 1);
  return sum;
}

Problem friendly_problem(const Op& op) {
  const bool linear = op.name.starts_with("linear_");
  Sizes sizes = {{"M", 8}, {"K", linear ? 1024 : 256}, {"N", linear ? 128 : 64}};
  for (const auto& [name, value] :
       Sizes{{"group", 32}, {"bias", 1}, {"act_pre_scale", 1}, {"zero_codes", 1}, {"type", 1}}) {
    const Param* param = op.param(name);
    if (param != nullptr && param->kind != Param::Kind::dtype) sizes[name] = value;
  }
  Problem problem = make_problem({&op, make_signature(op, sizes), &data_mode_named("bounded"), 0});
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    if (port.fill != Fill::activation && port.fill != Fill::bias && port.fill != Fill::scale) continue;
    const Random random(0, port.name);
    Tensor& tensor = problem.inputs[i];
    for (std::int64_t j = 0; j < tensor.size(); ++j) {
      const double value = normal(random, static_cast<std::uint64_t>(j));
      // Scales of groups of 32 normal weights hardly differ; a bias is small beside the sum.
      tensor.set(j, port.fill == Fill::scale ? 0.02 + 0.002 * value : port.fill == Fill::bias ? 0.1 * value : value);
    }
  }
  return problem;
}

}  // namespace

PeerScore peer_score(const plumb_impl& impl) {
  const Op& op = op_named(impl.op);
  const Problem problem = friendly_problem(op);
  const Expected expected = op.evaluate(problem)[0];
  Execute execute(impl, op, problem, output_forms(op, problem.signature), kForgiving);
  if (execute.prepare() != PLUMB_OK) return {1};
  const Execution execution = execute.run(1, std::byte{0});
  if (execution.status != PLUMB_OK) return {1};
  double want_square = 0, error_square = 0;
  for (std::int64_t i = 0; i < execution.outputs[0].size(); ++i) {
    const double got = execution.outputs[0].at(i), want = expected.value[static_cast<std::size_t>(i)];
    want_square += want * want;
    error_square += (got - want) * (got - want);
  }
  return {error_square / want_square};
}

}  // namespace plumb::faults
