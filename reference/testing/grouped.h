// For tests of linear layers: small problems by hand.
#pragma once

#include <utility>
#include <vector>

#include "reference/op.h"

namespace plumb {

[[nodiscard]] inline Tensor tensor_from(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

/// What an operator says of its first output.
[[nodiscard]] inline Expected evaluated(const Op& op, std::vector<Tensor> inputs, const Sizes& params) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  return op.evaluate({infer_signature(op, offers, params), std::move(inputs)})[0];
}

}  // namespace plumb
