// One implementation on a quantised model: in a worker process, its findings in shared memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runners/accuracy/drift.h"
#include "runners/accuracy/scores.h"
#include "runners/accuracy/shared_numbers.h"

namespace plumb::accuracy {

/// A sequence of tokens, and what is predicted for it.
struct Window {
  std::span<const std::int32_t> tokens;
  Prediction original;     ///< By the model as it is.
  Prediction dequantised;  ///< By the dequantised reference, in double.
};

/// What all implementations of a scheme are asked.
struct ImplementationQuestion {
  const model::ModelFolder& folder;
  const model::Decoder<double>& decoder;
  const QuantisedModel& quantised;
  const std::vector<Window>& windows;
  const std::vector<PassageQuestion>& passages;
  const DriftQuestions* drift;  ///< nullptr: not asked.
  std::span<const std::int32_t> drift_tokens;
};

/// Where an implementation's findings go. They stay if its process dies.
class Findings {
 public:
  explicit Findings(const ImplementationQuestion& question);

  /// Everything, in the calling process: drift, then windows, then passages. Throws as CalledLinears does.
  void find(const ImplementationQuestion& question, const Kernels& kernels) const;

  /// Scores of the windows that were finished, beside the dequantised reference and beside the original.
  [[nodiscard]] std::vector<std::vector<TokenScore>> kernel_scores() const { return scores(kKernel); }
  [[nodiscard]] std::vector<std::vector<TokenScore>> total_scores() const { return scores(kTotal); }
  /// 1 or 0 for each passage that was finished.
  [[nodiscard]] std::vector<double> guessed() const;
  /// As the trace's points; empty if it was not finished.
  [[nodiscard]] std::vector<DriftPoint> drift() const;
  /// Seconds that the finished windows took.
  [[nodiscard]] double seconds() const;

 private:
  enum Side : std::size_t { kKernel, kTotal };
  [[nodiscard]] std::vector<std::vector<TokenScore>> scores(Side side) const;
  [[nodiscard]] std::span<double> of_window(std::size_t window, Side side) const;
  void write(std::size_t window, Side side, const std::vector<TokenScore>& scores) const;

  std::vector<std::size_t> window_tokens_;  // predicted ones
  std::size_t drift_points_;
  std::unique_ptr<SharedNumbers> windows_, window_seconds_, passages_, drift_;
};

}  // namespace plumb::accuracy
