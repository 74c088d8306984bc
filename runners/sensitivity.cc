#include "runners/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reference/bound.h"
#include "reference/error.h"
#include "reference/kernel/first_outputs.h"
#include "runners/philox.h"
#include "runners/products.h"

namespace plumb {
namespace {

// Ties of activations and codes of one bit apart are a step of what they are quantised with.
double activation_step(const Op& op, const Problem& problem) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i].fill != Fill::activation_scale || problem.inputs[i].size() == 0) continue;
    double largest = 0;
    for (std::int64_t k = 0; k < problem.inputs[i].size(); ++k) largest = std::max(largest, problem.inputs[i].at(k));
    return 1.5 * largest;
  }
  return 0;
}

double moved(double value, double step) {
  if (!std::isfinite(value)) return 1;
  return value == 0 ? std::max(step, 1.0) : value + std::copysign(std::max(step, std::abs(value) / 16), value);
}

// The lowest bit of every code of 1, 2, 4 or 8 bits is another; other numbers have the other sign.
double other_number(const DTypeInfo& type, double value) {
  if (type.size_bytes == 1) {
    return type.min_finite + static_cast<double>(static_cast<int>(value - type.min_finite) ^ 0x55);
  }
  if (!std::isfinite(value) || value == 0 || -value < type.min_finite || -value > type.max_finite) return 1;
  return -value;
}

// An element of integers or indices one further, or back to the first.
double next_integer(const Port& port, const Signature& signature, const DTypeInfo& type, double value) {
  const auto low =
      port.low.empty() ? type.min_finite : static_cast<double>(evaluate_formula(port.low, signature.values));
  const auto high =
      port.high.empty() ? type.max_finite : static_cast<double>(evaluate_formula(port.high, signature.values));
  return value + 1 > high ? low : value + 1;
}

// The ways in which an input is changed, the smallest first.
enum class Way { step, zero, one, first };

// Where a step says nothing, since results saturate: what any number of the type can be.
bool is_set_outright(const Port& port, const DTypeInfo& type, Way way, std::int64_t i, Tensor& tensor) {
  if (way == Way::step || way == Way::first) return false;
  const bool limited = port.fill == Fill::integers || port.fill == Fill::index || port.fill == Fill::codes;
  if (limited) return false;
  tensor.set(i, std::clamp(way == Way::zero ? 0.0 : 1.0, type.min_finite, type.max_finite));
  return true;
}

// Element `i` of an input by one step.
void change(const Op& op, const Problem& problem, const DataMode& mode, std::size_t input, std::int64_t i,
            Tensor& tensor, Way way = Way::step) {
  const Port& port = op.inputs[input];
  const DTypeInfo& type = info(tensor.dtype());
  if (is_set_outright(port, type, way, i, tensor)) return;
  const double value = tensor.at(i);
  switch (port.fill) {
    case Fill::codes:
    case Fill::bytes:
    case Fill::weight:
    case Fill::number:
      return tensor.set(i, other_number(type, value));
    case Fill::integers:
    case Fill::index:
      return tensor.set(i, next_integer(port, problem.signature, type, value));
    case Fill::activation:
      return tensor.set(i, moved(value, activation_step(op, problem)));
    case Fill::activation_scale:
    case Fill::scale:
    case Fill::result_scale:
    case Fill::factor:
      return tensor.set(i, mode.exact() ? 2 * value : moved(value, 0));
    case Fill::bias:
      return tensor.set(i, moved(value, 0));
    case Fill::code_sums:
      break;
  }
  PLUMB_CHECK(false);
}

bool can_change(const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  const Tensor& tensor = problem.inputs[input];
  if (port.fill == Fill::code_sums || tensor.size() == 0) return false;
  if (port.high.empty() || port.low.empty()) return true;
  const Sizes& sizes = problem.signature.values;
  return evaluate_formula(port.low, sizes) < evaluate_formula(port.high, sizes);
}

// Whether any element of the answer is further from what it was than the bound allows a right implementation to be.
class Watch {
 public:
  explicit Watch(const Question& question) : question_(question) {
    const Op& op = *question.op;
    for (std::size_t o = 0; o < op.outputs.size(); ++o) {
      const Expected& expected = question.expected[o];
      const bool exact = question.exact && op.arithmetic != Arithmetic::prescribed;
      bounds_.push_back(exact ? std::vector<double>(expected.value.size(), 0)
                              : bounds(op, question.problem.signature, Contract{}, expected, o));
    }
  }

  [[nodiscard]] bool sees(const Problem& changed) const { return differs(question_.op->evaluate(changed), false); }

  // The same of the first outputs alone, where the oracle can do so.
  [[nodiscard]] bool glances_at(const Problem& changed) const {
    constexpr std::int64_t kGlancedAt = 64;
    const FirstOutputs first(kGlancedAt);
    return differs(question_.op->evaluate(changed), true);
  }

 private:
  // NaN is not evaluated, or neither here nor there.
  [[nodiscard]] bool differs(const Answer& answer, bool skips_nan) const {
    for (std::size_t o = 0; o < answer.size(); ++o) {
      for (std::size_t i = 0; i < answer[o].value.size(); ++i) {
        const double value = answer[o].value[i];
        if (!(skips_nan && std::isnan(value)) && differs(o, i, value)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool differs(std::size_t output, std::size_t i, double value) const {
    const double before = question_.expected[output].value[i], bound = bounds_[output][i];
    if (std::isinf(bound) || (std::isnan(before) && std::isnan(value))) return false;
    if (value == before) return false;
    return !(std::abs(value - before) <= bound);
  }

  const Question& question_;
  std::vector<std::vector<double>> bounds_;
};

// Of a large problem: whether some of the first outputs depend on some of the first elements, which says that some
// output depends on the input, and takes a small part of the oracle.
bool depends_at_first_glance(const Question& question, const Watch& watch, const DataMode& mode, std::size_t at) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 22, kChanged = 4096;
  if (oracle_work(*question.op, question.problem.signature) < kLarge) return false;
  Problem changed = question.problem;
  const std::int64_t count = std::min(changed.inputs[at].size(), kChanged);
  for (std::int64_t k = 0; k < count; ++k) change(*question.op, question.problem, mode, at, k, changed.inputs[at]);
  return watch.glances_at(changed);
}

bool depends_on(const Question& question, const Watch& watch, const DataMode& mode, std::size_t at) {
  if (depends_at_first_glance(question, watch, mode, at)) return true;
  const Op& op = *question.op;
  for (const Way way : {Way::step, Way::zero, Way::one, Way::first}) {
    Problem changed = question.problem;
    const std::int64_t count = way == Way::first ? 1 : changed.inputs[at].size();
    for (std::int64_t k = 0; k < count; ++k) change(op, question.problem, mode, at, k, changed.inputs[at], way);
    if (watch.sees(changed)) return true;
  }
  return false;
}

// Elements are drawn anew for each shape, mode and input.
Vouch count_shown(const Question& question, const Watch& watch, const DataMode& mode, std::size_t at, int count) {
  const Op& op = *question.op;
  const Tensor& input = question.problem.inputs[at];
  Vouch vouch{op.inputs[at].name, op.inputs[at].name, count, 0};
  const Random random(static_cast<std::uint64_t>(input.size()), "elements of " + vouch.input);
  Problem changed = question.problem;
  for (int draw = 0; draw < count; ++draw) {
    const std::int64_t element = random.integer(static_cast<std::uint64_t>(draw), 0, input.size() - 1);
    change(op, question.problem, mode, at, element, changed.inputs[at]);
    vouch.shown += watch.sees(changed) ? 1 : 0;
    changed.inputs[at].set(element, input.at(element));
  }
  return vouch;
}

// Each element changed takes the oracle once more: as many as a small part of the campaign's time allows, and no more
// than there are inputs, which gives each input about one in every case.
int affordable_elements(const Question& question) {
  constexpr std::int64_t kWork = std::int64_t{1} << 15;
  const std::int64_t work = oracle_work(*question.op, question.problem.signature);
  return static_cast<int>(std::min(std::ssize(question.op->inputs), kWork / std::max<std::int64_t>(work, 1)));
}

}  // namespace

bool depends_on(const Question& question, const DataMode& mode, const std::string& input) {
  return depends_on(question, Watch(question), mode, question.op->input_index(input));
}

std::vector<std::string> changeable_inputs(const Op& op, const Problem& problem) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (can_change(op, problem, i)) names.push_back(op.inputs[i].name);
  }
  return names;
}

Vouch vouch_for(const Question& question, const DataMode& mode, std::uint64_t turn) {
  const std::vector<std::string> names = changeable_inputs(*question.op, question.problem);
  const Watch watch(question);
  const int elements = affordable_elements(question);
  Vouch first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t at = question.op->input_index(names[(turn + i) % names.size()]);
    const Vouch vouch = count_shown(question, watch, mode, at, elements);
    if (i == 0) first = vouch;
    first.input = vouch.input;
    if (vouch.shown > 0 || depends_on(question, watch, mode, at)) return first;
  }
  first.input.clear();
  return first;
}

Vouch sensitivity(const Question& question, const DataMode& mode, const std::string& input, int count) {
  return count_shown(question, Watch(question), mode, question.op->input_index(input), count);
}

}  // namespace plumb
