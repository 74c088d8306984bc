// From scores of single tokens to what a report says.
#pragma once

#include <vector>

#include "reports/accuracy/record.h"
#include "runners/accuracy/scores.h"

namespace plumb::accuracy {

/// Scores of all tokens of a model, window by window.
using Scores = std::vector<std::vector<TokenScore>>;

/// What the scores amount to; tokens = 0 if there are none. Standard errors and intervals take tokens as independent,
/// as llama.cpp's do; the increase of the perplexity is paired: exp(mean of nll - reference_nll) - 1.
[[nodiscard]] Cost cost_of(const Scores& scores);

/// Mean nll of each window.
[[nodiscard]] std::vector<double> window_nll(const Scores& scores);

/// Increase of the perplexity from one run's windows to another's, paired by window; NaN if they are not as many, or
/// none.
[[nodiscard]] Interval increase_over(const std::vector<double>& before, const std::vector<double>& after);

}  // namespace plumb::accuracy
