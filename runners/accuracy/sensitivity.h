// Which layers of a model a mix of formats should spend its bits on.
#pragma once

#include <functional>

#include "runners/accuracy/quantised_model.h"

namespace plumb::accuracy {

/// How much each weight's quantisation to the mix's lower format alone changes what the model predicts: the mean
/// Kullback-Leibler divergence over the tokens of one sequence; 0 for weights that are not quantised. Each number is
/// one run of the model. Ends early, with zeros, once should_stop.
[[nodiscard]] std::vector<double> sensitivities(const Scheme& scheme, const model::ModelFolder& folder,
                                                std::span<const std::int32_t> tokens, int threads,
                                                const std::function<bool()>& should_stop = {});

/// All weights get the lower format; then those with the highest sensitivity for each weight get the higher one, as
/// long as the average number of code bits stays within the scheme's.
[[nodiscard]] Assignment assign_by_sensitivity(const Scheme& scheme, const model::ModelFolder& folder,
                                               const std::vector<double>& sensitivities);

}  // namespace plumb::accuracy
