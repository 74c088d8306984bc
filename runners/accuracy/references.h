// The original model and the dequantised ones, in f32, over all windows and passages: what quantisation costs.
#pragma once

#include "runners/accuracy/accuracy.h"
#include "runners/accuracy/costs.h"
#include "runners/accuracy/quantised_model.h"

namespace plumb::accuracy {

/// A text cut to what an evaluation reads.
class CutText {
 public:
  CutText(const EvaluationText& text, const Reading& reading, std::int64_t positions);

  [[nodiscard]] const std::vector<std::span<const std::int32_t>>& windows() const { return windows_; }
  [[nodiscard]] const std::vector<PassageQuestion>& passages() const { return passages_; }
  /// Tokens that are in no window, if there are so many; else the first window's.
  [[nodiscard]] std::span<const std::int32_t> calibration() const { return calibration_; }
  [[nodiscard]] std::int64_t window() const { return window_; }
  /// Of all tokens in windows: the same for the same text, cut in the same way. FNV-1a.
  [[nodiscard]] std::uint64_t hash() const;

 private:
  std::int64_t window_;
  std::vector<std::span<const std::int32_t>> windows_;
  std::span<const std::int32_t> calibration_;
  std::vector<PassageQuestion> passages_;
};

/// What one model said.
struct ModelFindings {
  Scores scores;                ///< Of finished windows, in order.
  std::vector<double> guessed;  ///< Of finished passages: 1 or 0.
  double seconds = 0;           ///< Thread time of the windows.
};

/// Number 0 is the original; then come the quantised models in their order.
[[nodiscard]] std::vector<ModelFindings> evaluate_references(const model::ModelFolder& folder, const CutText& text,
                                                             const std::vector<QuantisedModel>& quantised,
                                                             const AccuracyOptions& options);

}  // namespace plumb::accuracy
