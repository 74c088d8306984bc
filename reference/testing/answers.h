// For unit tests of operators: tensors from numbers, and the oracle's answer to them.
#pragma once

#include <span>
#include <vector>

#include "reference/problem_of.h"

namespace plumb {

/// A tensor of the given elements, in row-major order.
[[nodiscard]] inline Tensor tensor_of(DType dtype, Shape shape, std::span<const double> elements) {
  Tensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < elements.size(); ++i) tensor.set(static_cast<std::int64_t>(i), elements[i]);
  return tensor;
}
[[nodiscard]] inline Tensor tensor_of(DType dtype, Shape shape, std::initializer_list<double> elements) {
  return tensor_of(dtype, std::move(shape), std::span(elements.begin(), elements.size()));
}

/// The oracle's value of the first output.
[[nodiscard]] inline std::vector<double> answer_of(const Op& op, std::vector<Tensor> inputs, const Sizes& params = {}) {
  return op.evaluate(problem_of(op, std::move(inputs), params))[0].value;
}

}  // namespace plumb
