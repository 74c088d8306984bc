#include "runners/accuracy/drift.h"

#include <cmath>
#include <limits>

#include "reference/alternatives.h"
#include "reference/bound.h"
#include "runners/execute.h"
#include "runners/judge.h"
#include "runners/shared_work.h"

namespace plumb::accuracy {
namespace {

using model::Matrix;

// Passes everything on, and writes it down.
class Tracing final : public model::Linears<double> {
 public:
  Tracing(model::Linears<double>& inner, std::size_t embedding, Trace& trace)
      : inner_(inner), embedding_(embedding), trace_(trace) {}

  Matrix<double> embed(std::span<const std::int32_t> tokens) override {
    return write_down(embedding_, {}, inner_.embed(tokens));
  }
  Matrix<double> apply(std::size_t linear, const Matrix<double>& x) override {
    return write_down(linear, x, inner_.apply(linear, x));
  }

 private:
  Matrix<double> write_down(std::size_t weight, const Matrix<double>& x, Matrix<double> y) {
    trace_.weights.push_back(weight);
    trace_.inputs.push_back(x);
    trace_.outputs.push_back(y);
    return y;
  }

  model::Linears<double>& inner_;
  std::size_t embedding_;
  Trace& trace_;
};

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double relative_error(const Matrix<double>& got, const Matrix<double>& want) {
  const double error = (got - want).norm(), size = want.norm();
  return error == 0 ? 0 : error / size;
}

Trace trace(const model::Decoder<double>& decoder, model::Linears<double>& linears,
            std::span<const std::int32_t> tokens) {
  Trace result;
  Tracing tracing(linears, model::linears_of(decoder.config()).size(), result);
  (void)decoder.run(tokens, tracing);
  return result;
}

std::vector<DriftPoint> quantisation_drift(const Trace& original, const Trace& dequantised,
                                           model::Linears<double>& dequantised_linears,
                                           std::span<const std::int32_t> tokens) {
  std::vector<DriftPoint> points;
  for (std::size_t i = 0; i < original.weights.size(); ++i) {
    const Matrix<double> alone = original.inputs[i].size() == 0
                                     ? dequantised_linears.embed(tokens)
                                     : dequantised_linears.apply(original.weights[i], original.inputs[i]);
    points.push_back({relative_error(alone, original.outputs[i]),
                      relative_error(dequantised.outputs[i], original.outputs[i]), kNothing, 0});
  }
  return points;
}

const PackedWeight* DriftQuestions::packed(std::size_t weight) const {
  if (weight + 1 == quantised_.layers.size()) return quantised_.table ? &*quantised_.table : nullptr;
  return quantised_.layers[weight] ? &quantised_.layers[weight]->packed : nullptr;
}

DriftQuestions::DriftQuestions(const QuantisedModel& quantised, Trace reference, std::span<const std::int32_t> tokens,
                               int threads)
    : quantised_(quantised), reference_(std::move(reference)), questions_(reference_.weights.size()) {
  const auto make = [&](std::int64_t place) {
    const auto at = static_cast<std::size_t>(place);
    const PackedWeight* weight = packed(reference_.weights[at]);
    if (weight == nullptr) return;
    const bool is_table = reference_.inputs[at].size() == 0;
    Problem problem = problem_for(
        *weight, is_table ? activations_for(*weight, tokens)
                          : activations_for(*weight, quantised_.layers[reference_.weights[at]]->part.format->activation,
                                            reference_.inputs[at]));
    Expected expected = weight->op->evaluate(problem)[0];
    questions_[at] = Question{std::move(problem), std::move(expected)};
  };
  (void)share_work(std::ssize(questions_), {.threads = threads}, make);
}

DriftPoint DriftQuestions::judged(std::size_t place, CalledLayer& layer, const plumb_impl& impl) const {
  const Question& question = *questions_[place];
  const Op& op = *packed(reference_.weights[place])->op;
  std::vector<Tensor> activations(op.inputs.size());
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i].role == Role::activation) activations[i] = question.problem.inputs[i];
  }
  const Tensor got = layer.run(activations);
  const std::vector<double> want = nearest_alternatives(question.expected, got);
  const std::vector<double> bound = bounds(op, question.problem.signature, contract_of(impl), question.expected);
  const Judgement judgement = judge(op.outputs[0], question.problem.signature, got, want, bound, CalledLayer::kPoison);
  Matrix<double> wanted(got.shape()[0], got.shape()[1]);
  std::ranges::copy(question.expected.value, wanted.data());
  return {relative_error(matrix_of(got), wanted), 0, judgement.worst ? judgement.worst->ratio : kNothing,
          static_cast<double>(judgement.wrong)};
}

std::vector<DriftPoint> DriftQuestions::ask(CalledLinears& called, const Kernels& kernels, const Trace& run) const {
  std::vector<DriftPoint> points;
  for (std::size_t i = 0; i < reference_.weights.size(); ++i) {
    const std::size_t weight = reference_.weights[i];
    CalledLayer* layer = called.layer(weight);
    DriftPoint point{0, 0, kNothing, 0};
    if (layer != nullptr) point = judged(i, *layer, *kernels.at(packed(weight)->op->name).impl);
    point.drift = relative_error(run.outputs[i], reference_.outputs[i]);
    points.push_back(point);
  }
  return points;
}

}  // namespace plumb::accuracy
