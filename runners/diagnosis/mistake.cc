#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

std::int64_t flat_of(const std::vector<std::int64_t>& index, const Shape& shape) {
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) flat = flat * shape[axis] + index[axis];
  return flat;
}

}  // namespace

Mistake with_input(std::string sentence, std::size_t input, std::function<Tensor(const Tensor&)> change) {
  return {std::move(sentence), [input, change = std::move(change)](const Op& op, const Problem& problem) {
            Problem other = problem;
            other.inputs[input] = change(problem.inputs[input]);
            return op.evaluate(other);
          }};
}

Mistake without_input(std::string sentence, std::size_t input, const std::string& flag) {
  return {std::move(sentence), [input, flag](const Op& op, const Problem& problem) {
            Problem other = problem;
            other.inputs[input] = Tensor();
            other.signature.values[flag] = 0;
            return op.evaluate(other);
          }};
}

Tensor gathered(const Tensor& t,
                const std::function<std::vector<std::int64_t>(const std::vector<std::int64_t>&)>& place) {
  Tensor result(t.dtype(), t.shape());
  for (std::int64_t i = 0; i < t.size(); ++i) {
    result.set(i, t.at(flat_of(place(unravel(i, t.shape())), t.shape())));
  }
  return result;
}

Tensor changed(const Tensor& t, const std::function<double(double)>& change) {
  Tensor result(t.dtype(), t.shape());
  for (std::int64_t i = 0; i < t.size(); ++i) result.set(i, change(t.at(i)));
  return result;
}

int group_axis(const Port& port, const Signature& signature) {
  const std::vector<std::string> names = axis_names(port, signature);
  for (std::size_t axis = 0; axis < names.size(); ++axis) {
    if (names[axis].find("group") != std::string::npos) return static_cast<int>(axis);
  }
  return -1;
}

int code_bits(const Op& op, const Signature& signature) {
  for (const Port& port : op.inputs) {
    if (!port.layouts.empty()) return layout_of(port, signature).bits;
  }
  return 0;
}

}  // namespace plumb
