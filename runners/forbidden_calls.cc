#include "runners/forbidden_calls.h"

#include "reference/error.h"

namespace plumb {
namespace {

void add_types(const Op& op, const Problem& legal, std::vector<Spoilt>& spoilt) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (!legal.inputs[i].present()) continue;
    for (const DTypeInfo& type : all_dtypes()) {
      Problem other = legal;
      other.inputs[i] = Tensor(type.dtype, legal.inputs[i].shape());
      spoilt.push_back({"type of " + op.inputs[i].name, std::move(other)});
    }
  }
}

// One more or less along each axis, an axis more, and none at all.
void add_shapes(const Op& op, const Problem& legal, std::vector<Spoilt>& spoilt) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& input = legal.inputs[i];
    if (!input.present()) continue;
    std::vector<Shape> shapes = {input.shape(), {}};
    shapes[0].push_back(2);
    for (std::size_t axis = 0; axis < input.shape().size(); ++axis) {
      for (const std::int64_t step : {-1, 1}) {
        if (input.shape()[axis] + step < 0) continue;
        shapes.push_back(input.shape());
        shapes.back()[axis] += step;
      }
    }
    for (const Shape& shape : shapes) {
      Problem other = legal;
      other.inputs[i] = Tensor(input.dtype(), shape);
      spoilt.push_back({"shape of " + op.inputs[i].name, std::move(other)});
    }
  }
}

void add_parameters(const Op& op, const Problem& legal, std::vector<Spoilt>& spoilt) {
  for (const Param& param : op.params) {
    const std::int64_t value = legal.signature[param.name];
    for (const std::int64_t other_value : {value - 1, value + 1, std::int64_t{0}, -value - 1, std::int64_t{1} << 40}) {
      Problem other = legal;
      other.signature.values[param.name] = other_value;
      spoilt.push_back({"parameter " + param.name, std::move(other)});
    }
  }
}

// Codes, indices and zero points next to their range, as far as their type has such values.
void add_values(const Op& op, const Problem& legal, std::vector<Spoilt>& spoilt) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    const Tensor& input = legal.inputs[i];
    if (port.high.empty() || !input.present() || input.size() == 0) continue;
    const auto low = static_cast<double>(evaluate_formula(port.low, legal.signature.values));
    const auto high = static_cast<double>(evaluate_formula(port.high, legal.signature.values));
    for (const double value : {low - 1, high + 1}) {
      const DTypeInfo& type = info(input.dtype());
      if (value < type.min_finite || value > type.max_finite) continue;
      for (const std::int64_t at : {std::int64_t{0}, input.size() - 1}) {
        Problem other = legal;
        other.inputs[i].set(at, value);
        spoilt.push_back({"value in " + port.name, std::move(other)});
      }
    }
  }
}

void add_absences(const Op& op, const Problem& legal, std::vector<Spoilt>& spoilt) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    Problem other = legal;
    other.inputs[i] = Tensor();
    spoilt.push_back({"absence of " + op.inputs[i].name, std::move(other)});
  }
}

}  // namespace

bool is_forbidden(const Op& op, const Problem& problem) {
  try {
    std::vector<Offer> offers;
    for (const Tensor& input : problem.inputs) offers.push_back(offer_of(input));
    Sizes params;
    for (const Param& param : op.params) params[param.name] = problem.signature[param.name];
    check_values(op, {infer_signature(op, offers, params), problem.inputs});
    return false;
  } catch (const Error&) {
    return true;
  }
}

std::vector<Spoilt> forbidden_calls(const Op& op, const Problem& legal) {
  std::vector<Spoilt> spoilt;
  for (const auto add : {add_types, add_shapes, add_parameters, add_values, add_absences}) add(op, legal, spoilt);
  std::erase_if(spoilt, [&](const Spoilt& call) { return !is_forbidden(op, call.problem); });
  return spoilt;
}

}  // namespace plumb
