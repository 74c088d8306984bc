// Shapes of real models' weights: what a campaign judges instead of the planned ones if it is asked to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runners/case.h"

namespace plumb {

/// A weight [N, K] of a model.
struct WeightShape {
  std::int64_t N, K;
};

/// The distinct shapes of a model's linear layers, and of its embedding, which is the last layer's too.
struct Model {
  std::string_view name;
  std::vector<WeightShape> linears;
  WeightShape embedding;
};

/// All models, from the configurations that they are published with.
[[nodiscard]] const std::vector<Model>& all_models();

/// Cases of an operator for the models that match the pattern: linear layers with one and with sixteen rows of
/// activation, embeddings with sixteen looked up; groups of 128 columns; exact and bounded data. None if the operator
/// is neither, or cannot have such sizes. Throws Error naming the nearest ones if the pattern matches no model.
[[nodiscard]] std::vector<Case> plan_model_cases(const Op& op, std::string_view models, std::uint64_t seed);

}  // namespace plumb
