#include "property_tests/generate.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "reference/error.h"
#include "reference/formula.h"
#include "reference/ops.h"
#include "reference/shape_formula.h"
#include "runners/philox.h"

namespace plumb {
namespace {

// One draw after the other from a seed.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed, "arbitrary case") {}

  std::int64_t integer(std::int64_t low, std::int64_t high) { return random_.integer(count_++, low, high); }
  std::uint64_t bits() {
    const std::uint64_t at = count_++;
    return std::uint64_t{random_.bits(at, 0)} << 32 | random_.bits(at, 1);
  }
  template <typename T>
  const T& element(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

 private:
  Random random_;
  std::uint64_t count_ = 0;
};

bool can_be_made(const Op& op, const Sizes& sizes) {
  if (!is_legal(op, sizes)) return false;
  try {
    (void)make_signature(op, sizes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// What a parameter shrinks towards.
std::int64_t simplest(const Param& param) { return param.default_value.value_or(1); }

std::vector<std::int64_t> legal_values(const Op& op, const Param& param, Sizes sizes, std::int64_t limit) {
  std::vector<std::int64_t> values = param.values;
  if (param.kind == Param::Kind::flag) values = {0, 1};
  if (param.kind == Param::Kind::integer) {
    for (std::int64_t value = 0; value <= limit; ++value) {
      if (std::ranges::find(values, value) == values.end()) values.push_back(value);
    }
  }
  std::erase_if(values, [&](std::int64_t value) {
    sizes[param.name] = value;
    return !can_be_made(op, sizes);
  });
  return values;
}

// Where an operator prescribes a size ("K == C * kernel_h * kernel_w"), it follows from the others: the size and its
// formula. Drawn like any other it would seldom be legal.
std::map<std::string, std::string> prescribed_sizes(const Op& op) {
  std::map<std::string, std::string> result;
  for (const Size& size : op.sizes) {
    const std::string start = size.name + " == ";
    for (const Constraint& constraint : op.constraints) {
      const std::string& formula = constraint.formula;
      if (formula.starts_with(start)) result[size.name] = formula.substr(start.size());
    }
  }
  return result;
}

// Sizes first, small ones or planned ones (an operator may have no small ones), then one parameter after the other
// among the values that are legal given the ones before. None if the sizes are illegal with the parameters at first:
// the simplest ones, but planned ones in every other attempt (a group of 1 may be legal nowhere).
std::optional<Sizes> draw_sizes(const Op& op, Draw& draw, std::int64_t limit, int attempt) {
  const bool planned = attempt >= 500, free = attempt % 2 == 1;
  Sizes sizes;
  for (const Size& size : op.sizes) {
    sizes[size.name] = planned ? draw.element(size.sweep) : draw.integer(0, limit);
  }
  const std::map<std::string, std::string> prescribed = prescribed_sizes(op);
  for (const Param& param : op.params) {
    const bool decides = (free || !prescribed.empty()) && param.kind == Param::Kind::integer;
    sizes[param.name] = decides ? draw.element(param.values) : simplest(param);
  }
  for (const auto& [name, formula] : prescribed) sizes[name] = evaluate_formula(formula, sizes);
  if (!can_be_made(op, sizes)) return std::nullopt;
  for (const Param& param : op.params) sizes[param.name] = draw.element(legal_values(op, param, sizes, limit));
  return sizes;
}

// The same with one size or parameter given.
std::optional<Sizes> draw_sizes_with(const Op& op, Draw& draw, const std::string& name, std::int64_t value,
                                     std::int64_t limit) {
  Sizes sizes;
  for (const Size& size : op.sizes) {
    sizes[size.name] = draw.integer(0, 1) == 0 ? draw.integer(1, limit) : draw.element(size.sweep);
  }
  for (const Param& param : op.params) {
    const bool is_free = param.kind == Param::Kind::integer;
    sizes[param.name] = is_free && draw.integer(0, 1) == 0 ? draw.element(param.values) : simplest(param);
  }
  sizes[name] = value;
  if (!can_be_made(op, sizes)) return std::nullopt;
  for (const Param& param : op.params) {
    if (param.name != name) sizes[param.name] = draw.element(legal_values(op, param, sizes, limit));
  }
  return sizes;
}

std::vector<const DataMode*> modes_of(const Op& op) {
  std::vector<const DataMode*> modes;
  for (const DataMode& mode : all_data_modes()) {
    if (applies(mode, op) && mode.adversary == Adversary::none) modes.push_back(&mode);
  }
  return modes;
}

Case draw_case(const Op& op, std::uint64_t seed, std::int64_t limit) {
  Draw draw(seed);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const std::optional<Sizes> sizes = draw_sizes(op, draw, limit, attempt);
    if (!sizes) continue;
    const std::uint64_t data_seed = draw.integer(0, 3) == 0 ? draw.bits() : draw.bits() % 1000;
    return {&op, make_signature(op, *sizes), draw.element(modes_of(op)), data_seed};
  }
  PLUMB_CHECK(false);
}

// The simplest value, half the way there, and one step.
std::vector<std::int64_t> towards(std::int64_t value, std::int64_t target) {
  if (value == target) return {};
  return {target, target + (value - target) / 2, value - (value > target ? 1 : -1)};
}

// Each size or parameter alone, then each size together with each integer parameter, as a group has to divide K.
std::vector<Sizes> smaller_sizes(const Op& op, const Sizes& sizes) {
  std::vector<Sizes> result;
  const auto add = [&](const std::string& name, std::int64_t value) {
    result.push_back(sizes);
    result.back()[name] = value;
  };
  for (const Size& size : op.sizes) {
    for (const std::int64_t value : towards(sizes.at(size.name), 0)) add(size.name, value);
  }
  for (const Param& param : op.params) {
    const std::int64_t value = sizes.at(param.name), target = simplest(param);
    const bool integer = param.kind == Param::Kind::integer;
    for (const std::int64_t smaller : towards(value, target)) {
      if (integer || smaller == target) add(param.name, smaller);
    }
    if (!integer || value <= std::max<std::int64_t>(target, 0)) continue;
    for (const Size& size : op.sizes) {
      const std::int64_t length = sizes.at(size.name);
      if (length > value) add(size.name, value);
      if (length > value) add(size.name, length - value);
      add(size.name, length / 2);
      result.back()[param.name] = std::max(target, value / 2);
      add(size.name, length - length / value);  // as many groups, each one shorter
      result.back()[param.name] = value - 1;
    }
  }
  return result;
}

}  // namespace

std::optional<Case> case_with(const Op& op, const std::string& name, std::int64_t value, std::int64_t limit,
                              std::uint64_t seed) {
  Draw draw(seed);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const std::optional<Sizes> sizes = draw_sizes_with(op, draw, name, value, limit);
    if (sizes) return Case{&op, make_signature(op, *sizes), draw.element(modes_of(op)), draw.bits() % 1000};
  }
  return std::nullopt;
}

std::vector<std::string> row_lengths(const Op& op) {
  std::vector<std::string> names;
  const auto occurs = [](const std::string& formula, const std::string& name) {
    return std::regex_search(formula, std::regex("(^|[^/\\w])" + name + "\\b"));
  };
  for (const std::string& shape : {op.inputs.front().shape, op.outputs.front().shape}) {
    const std::string row = parse_shape(shape).back().formula;
    for (const Size& size : op.sizes) {
      if (occurs(row, size.name)) names.push_back(size.name);
    }
    for (const Param& param : op.params) {
      if (param.kind == Param::Kind::integer && occurs(row, param.name)) names.push_back(param.name);
    }
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::vector<Case> smaller_cases(const Case& test_case) {
  std::vector<Case> candidates;
  for (const Sizes& sizes : smaller_sizes(*test_case.op, test_case.signature.values)) {
    if (!can_be_made(*test_case.op, sizes)) continue;
    candidates.push_back(test_case);
    candidates.back().signature = make_signature(*test_case.op, sizes);
  }
  const DataMode* simplest_mode = modes_of(*test_case.op).front();
  if (test_case.mode != simplest_mode) {
    candidates.push_back(test_case);
    candidates.back().mode = simplest_mode;
  }
  for (const std::uint64_t seed : {std::uint64_t{0}, test_case.seed / 2}) {
    candidates.push_back(test_case);
    candidates.back().seed = seed;
  }
  std::set<std::string> seen = {to_string(test_case)};
  std::erase_if(candidates, [&](const Case& candidate) { return !seen.insert(to_string(candidate)).second; });
  return candidates;
}

rc::Gen<Case> arbitrary_case(const Op& op) {
  return [&op](const rc::Random& random, int size) {
    rc::Random source = random;
    return rc::shrinkable::shrinkRecur(draw_case(op, source.next(), 4 + size / 2), [](const Case& test_case) {
      return rc::seq::fromContainer(smaller_cases(test_case));
    });
  };
}

rc::Gen<Case> arbitrary_case() {
  return rc::gen::join(
      rc::gen::map(rc::gen::inRange<std::size_t>(0, all_ops().size()),
                   [](std::size_t index) -> rc::Gen<Case> { return arbitrary_case(all_ops()[index]); }));
}

void showValue(const Case& test_case, std::ostream& out) { out << to_string(test_case); }

}  // namespace plumb
