// Where in a model errors are made, layer by layer, and how they grow towards the logits.
#pragma once

#include <string>
#include <vector>

#include "runners/accuracy/called_linears.h"

namespace plumb::accuracy {

/// What goes in and comes out of each layer in one run: the embedding first, then the linear layers as they are
/// evaluated. The last output are the logits.
struct Trace {
  std::vector<std::size_t> weights;           ///< Numbers, as QuantisedModel has them.
  std::vector<model::Matrix<double>> inputs;  ///< Empty for the embedding.
  std::vector<model::Matrix<double>> outputs;
};
[[nodiscard]] Trace trace(const model::Decoder<double>& decoder, model::Linears<double>& linears,
                          std::span<const std::int32_t> tokens);

/// One layer of a drift. Errors are root mean squares, relative to that of what is wanted.
struct DriftPoint {
  double injected = 0;  ///< Of the layer's output for the reference's own input: what this layer alone adds.
  double drift = 0;     ///< Of its output with all layers changed: what has come together so far.
  double ratio = 0;     ///< Largest error / bound of the injected ones; NaN where nothing was judged.
  double wrong = 0;     ///< Elements beyond their bound.
};
inline constexpr std::size_t kDriftNumbers = sizeof(DriftPoint) / sizeof(double);

/// What quantisation does: original layers beside dequantised ones. Nothing is judged.
[[nodiscard]] std::vector<DriftPoint> quantisation_drift(const Trace& original, const Trace& dequantised,
                                                         model::Linears<double>& dequantised_linears,
                                                         std::span<const std::int32_t> tokens);

/// The oracle's answers for each layer that is called, made once for all implementations.
class DriftQuestions {
 public:
  /// `reference` is the trace of the dequantised model.
  DriftQuestions(const QuantisedModel& quantised, Trace reference, std::span<const std::int32_t> tokens, int threads);

  [[nodiscard]] const Trace& reference() const { return reference_; }
  /// What an implementation's kernels add, judged by their contracts' bounds. `run` is its own trace.
  [[nodiscard]] std::vector<DriftPoint> ask(CalledLinears& called, const Kernels& kernels, const Trace& run) const;

 private:
  struct Question {
    Problem problem;
    Expected expected;
  };
  [[nodiscard]] const PackedWeight* packed(std::size_t weight) const;
  [[nodiscard]] DriftPoint judged(std::size_t place, CalledLayer& layer, const plumb_impl& impl) const;

  const QuantisedModel& quantised_;
  Trace reference_;
  std::vector<std::optional<Question>> questions_;  // as the trace's points
};

/// |got - want| / |want| in the root mean square; 0 if both are zero.
[[nodiscard]] double relative_error(const model::Matrix<double>& got, const model::Matrix<double>& want);

}  // namespace plumb::accuracy
