#include "property_tests/faults/peers.h"

#include <algorithm>
#include <cmath>

#include "reference/ops.h"
#include "runners/execute.h"
#include "runners/philox.h"
#include "runners/products.h"
#include "runners/result_scale.h"

namespace plumb::faults {
namespace {

// As users run kernels.
constexpr int kThreads = 3;

// Nearly normal: twelve uniform numbers, less their mean.
double normal(const Random& random, std::uint64_t index) {
  double sum = -6;
  for (std::uint64_t i = 0; i < 12; ++i) sum += random.uniform(12 * index + i, 0, 1);
  return sum;
}

// The largest power of two up to `most` that is planned.
std::int64_t friendly_size(const Size& size, std::int64_t most) {
  std::int64_t best = size.sweep.front();
  for (const std::int64_t value : size.sweep) {
    if ((value & (value - 1)) == 0 && value <= most && (value > best || best > most)) best = value;
  }
  return best;
}

Sizes friendly_sizes(const Op& op) {
  const bool linear = op.arithmetic == Arithmetic::accumulated;
  Sizes sizes;
  for (const Size& size : op.sizes) {
    const std::int64_t most = size.name == "M" ? 8 : size.name == "K" ? (linear ? 1024 : 256) : linear ? 128 : 64;
    sizes[size.name] = friendly_size(size, most);
  }
  for (const auto& [name, value] : Sizes{{"group", 32},
                                         {"bias", 1},
                                         {"act_pre_scale", 1},
                                         {"zero_codes", 1},
                                         {"type", 1},
                                         {"bits", 4},
                                         {"asym", 1}}) {
    const Param* param = op.param(name);
    if (param != nullptr && param->kind != Param::Kind::dtype) sizes[name] = value;
  }
  if (op.param("N") != nullptr) sizes["N"] = 128;
  for (const Param& param : op.params) {
    if (!sizes.contains(param.name) && !param.default_value) sizes[param.name] = param.values.front();
  }
  return sizes;
}

Problem friendly_problem(const Op& op) {
  const char* mode = op.arithmetic == Arithmetic::prescribed ? "exact" : "bounded";
  Problem problem = make_problem({&op, make_signature(op, friendly_sizes(op)), &data_mode_named(mode), 0});
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    const bool numbers = port.fill == Fill::activation || port.fill == Fill::weight;
    if (!numbers && port.fill != Fill::bias && port.fill != Fill::scale) continue;
    const Random random(0, port.name);
    Tensor& tensor = problem.inputs[i];
    for (std::int64_t j = 0; j < tensor.size(); ++j) {
      const double value = normal(random, static_cast<std::uint64_t>(j));
      // Scales of groups of 32 normal weights hardly differ; a bias is small beside the sum.
      tensor.set(j, port.fill == Fill::scale ? 0.02 + 0.002 * value : port.fill == Fill::bias ? 0.1 * value : value);
    }
  }
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i].fill == Fill::result_scale)
      problem.inputs[i].set(0, typical_result(op, problem.signature, problem.inputs) / 48);
  }
  return problem;
}

double nmse_of(std::span<const double> got, std::span<const double> want) {
  double want_square = 0, error_square = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    want_square += want[i] * want[i];
    error_square += (got[i] - want[i]) * (got[i] - want[i]);
  }
  return error_square == 0 ? 0 : error_square / want_square;
}

bool all_close(std::span<const double> got, std::span<const double> want, double relative, double absolute) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool same = got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i]));
    if (!same && !(std::abs(got[i] - want[i]) <= absolute + relative * std::abs(want[i]))) return false;
  }
  return true;
}

constexpr std::array<Criterion, kCriteria> kAllCriteria = {{
    {"NMSE <= 5e-4", "ggml, test-backend-ops",
     [](std::span<const double> got, std::span<const double> want, std::int64_t) {
       return nmse_of(got, want) <= 5e-4;
     }},
    {"SQNR > 20 dB", "torchao's tests",
     [](std::span<const double> got, std::span<const double> want, std::int64_t) { return nmse_of(got, want) < 1e-2; }},
    {"rel 0.1, abs max(1, 0.1 sqrt K)", "ExecuTorch's test of q4gsw",
     [](std::span<const double> got, std::span<const double> want, std::int64_t length) {
       return all_close(got, want, 0.1, std::max(1.0, 0.1 * std::sqrt(static_cast<double>(length))));
     }},
    {"torch.allclose", "its defaults: rel 1e-5, abs 1e-8",
     [](std::span<const double> got, std::span<const double> want, std::int64_t) {
       return all_close(got, want, 1e-5, 1e-8);
     }},
}};

// Elements of an output that there is one right value for.
struct Compared {
  std::vector<double> got, want;

  Compared(const Tensor& output, const Expected& expected) {
    for (std::int64_t i = 0; i < output.size(); ++i) {
      const double value = expected.value[static_cast<std::size_t>(i)];
      if (std::isnan(value) && !info(output.dtype()).is_float) continue;
      got.push_back(output.at(i));
      // As the peers' own reference is: of the output's type.
      want.push_back(info(output.dtype()).is_float ? round_to(output.dtype(), value) : value);
    }
  }
};

}  // namespace

PeerScore peer_score(const plumb_impl& impl) {
  const Op& op = op_named(impl.op);
  const Problem problem = friendly_problem(op);
  const Expected expected = op.evaluate(problem)[0];
  Execute execute(impl, op, problem, output_forms(op, problem.signature), kForgiving);
  if (execute.prepare() != PLUMB_OK) return {1};
  const Execution execution = execute.run(1, std::byte{0});
  if (execution.status != PLUMB_OK) return {1};
  std::vector<double> got;
  for (std::int64_t i = 0; i < execution.outputs[0].size(); ++i) got.push_back(execution.outputs[0].at(i));
  return {nmse_of(got, expected.value)};
}

const std::array<Criterion, kCriteria>& criteria() { return kAllCriteria; }

Question friendly_question(const Op& op) {
  Question question{&op, friendly_problem(op), {}, false};
  question.expected = op.evaluate(question.problem);
  return question;
}

std::string refused_by(const plumb_impl& impl, const Question& question) {
  const Op& op = *question.op;
  Execute execute(impl, op, question.problem, output_forms(op, question.problem.signature));
  std::string reason, refused(kCriteria, '0');
  if (execute.supports(&reason) != PLUMB_OK || execute.prepare() != PLUMB_OK) return std::string(kCriteria, '1');
  const Execution execution = execute.run(kThreads, std::byte{0});
  if (execution.status != PLUMB_OK) return std::string(kCriteria, '1');
  const std::int64_t length = products_of_element(op, question.problem.signature);
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    const Compared compared(execution.outputs[i], question.expected[i]);
    for (std::size_t c = 0; c < kCriteria; ++c) {
      if (!kAllCriteria[c].accepts(compared.got, compared.want, length)) refused[c] = '1';
    }
  }
  return refused;
}

}  // namespace plumb::faults
