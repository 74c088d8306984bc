#include "runners/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "reference/formula.h"
#include "runners/philox.h"
#include "runners/probe.h"

namespace plumb {
namespace {

// A size or parameter with the values it may take in a plan.
struct Factor {
  std::string name;
  std::vector<std::int64_t> values;
};

// Which element types a plan varies.
enum class ElementTypes { all, defaults };

std::vector<Factor> factors_of(const Op& op, ElementTypes types) {
  std::vector<Factor> factors;
  for (const Size& size : op.sizes) factors.push_back({size.name, size.sweep});
  for (const Param& param : op.params) {
    const bool fixed = types == ElementTypes::defaults && param.kind == Param::Kind::dtype;
    factors.push_back({param.name, fixed ? std::vector{*param.default_value} : param.values});
  }
  return factors;
}

bool chooses_element_types(const Op& op) {
  return std::ranges::any_of(op.params, [](const Param& param) { return param.kind == Param::Kind::dtype; });
}

// A shape: for each factor the position of its value.
using Choice = std::vector<std::size_t>;

// Factor a at value i meets factor b at value j; a < b.
struct Pair {
  std::size_t a, i, b, j;
  auto operator<=>(const Pair&) const = default;
};

class PairwisePlan {
 public:
  PairwisePlan(const Op& op, ElementTypes types, std::uint64_t seed)
      : op_(op), factors_(factors_of(op, types)), random_(seed, "plan " + op.name) {}

  std::vector<Choice> make() {
    for (std::size_t a = 0; a < factors_.size(); ++a) {
      for (std::size_t b = a + 1; b < factors_.size(); ++b) {
        for (std::size_t i = 0; i < factors_[a].values.size(); ++i) {
          for (std::size_t j = 0; j < factors_[b].values.size(); ++j) uncovered_.insert({a, i, b, j});
        }
      }
    }
    std::vector<Choice> plan;
    while (!uncovered_.empty()) {
      const Pair pair = *uncovered_.begin();
      const Choice best = best_with(pair);
      if (best.empty()) {
        uncovered_.erase(pair);  // no legal shape was found in which these two meet
      } else {
        cover(best);
        plan.push_back(best);
      }
    }
    return plan;
  }

  [[nodiscard]] Sizes sizes_of(const Choice& choice) const {
    Sizes sizes;
    for (std::size_t f = 0; f < factors_.size(); ++f) sizes[factors_[f].name] = factors_[f].values[choice[f]];
    return sizes;
  }

 private:
  static constexpr int kAttempts = 60;
  static constexpr int kCandidates = 8;

  // Of some random legal shapes that contain `pair`, the one that covers most; empty if none is legal.
  Choice best_with(const Pair& pair) {
    Choice best;
    std::size_t best_count = 0;
    for (int attempt = 0, legal = 0; attempt < kAttempts && legal < kCandidates; ++attempt) {
      Choice choice(factors_.size());
      for (std::size_t f = 0; f < factors_.size(); ++f) {
        choice[f] = static_cast<std::size_t>(
            random_.integer(draws_++, 0, static_cast<std::int64_t>(factors_[f].values.size()) - 1));
      }
      choice[pair.a] = pair.i;
      choice[pair.b] = pair.j;
      if (!is_legal(op_, sizes_of(choice))) continue;
      ++legal;
      const std::size_t count = count_uncovered(choice);
      if (count > best_count) {
        best = choice;
        best_count = count;
      }
    }
    return best;
  }

  [[nodiscard]] std::size_t count_uncovered(const Choice& choice) const {
    std::size_t count = 0;
    for (std::size_t a = 0; a < choice.size(); ++a) {
      for (std::size_t b = a + 1; b < choice.size(); ++b) count += uncovered_.count({a, choice[a], b, choice[b]});
    }
    return count;
  }

  void cover(const Choice& choice) {
    for (std::size_t a = 0; a < choice.size(); ++a) {
      for (std::size_t b = a + 1; b < choice.size(); ++b) uncovered_.erase({a, choice[a], b, choice[b]});
    }
  }

  const Op& op_;
  std::vector<Factor> factors_;
  Random random_;
  std::uint64_t draws_ = 0;
  std::set<Pair> uncovered_;
};

// All modes that apply, but one adversarial one: they take turns over the shapes.
std::vector<const DataMode*> modes_for(const Op& op, std::uint64_t turn) {
  std::vector<const DataMode*> modes, adversarial;
  for (const DataMode& mode : all_data_modes()) {
    if (applies(mode, op)) (mode.adversary == Adversary::none ? modes : adversarial).push_back(&mode);
  }
  if (!adversarial.empty()) modes.push_back(adversarial[turn % adversarial.size()]);
  return modes;
}

bool has_elements(const Case& test_case) {
  return std::ranges::any_of(output_forms(*test_case.op, test_case.signature),
                             [](const Form& form) { return element_count(form.shape) > 0; });
}

// Whether a sum that is rounded to the activation's type before it is scaled may be infinite there: ordinary
// activations are about 1, and codes half of the largest.
bool may_overflow_unscaled(const Op& op, const Signature& signature) {
  const auto scaling = signature.values.find("scaling");
  if (scaling == signature.values.end() || scaling->second == 0) return false;
  const double length = static_cast<double>(evaluate_formula(op.length, signature.values));
  return length * op.max_code_magnitude / 2 > info(dtype_of(op.outputs[0], op, signature)).max_finite;
}

// Extreme data in an f16 result are infinite, whatever was read; and what quantises activations first need not say what
// becomes of NaN.
bool says_something(const DataMode& mode, const Op& op, const Signature& signature) {
  const bool one_product = mode.adversary == Adversary::one_hot;
  if (!mode.exact() && !one_product && may_overflow_unscaled(op, signature)) return false;
  if (mode.adversary == Adversary::not_finite) return quantised_together(signature) == 0;
  return mode.adversary != Adversary::extremes ||
         std::ranges::all_of(output_forms(op, signature),
                             [](const Form& form) { return info(form.dtype).max_finite > 1e30; });
}

}  // namespace

std::vector<Case> plan_cases(const Op& op, std::uint64_t seed) {
  std::vector<Case> cases;
  std::uint64_t number = seed;
  for (const ElementTypes types : {ElementTypes::defaults, ElementTypes::all}) {
    if (types == ElementTypes::all && !chooses_element_types(op)) continue;
    PairwisePlan plan(op, types, seed);
    for (const Choice& choice : plan.make()) {
      const Signature signature = make_signature(op, plan.sizes_of(choice));
      for (const DataMode* mode : modes_for(op, number)) {
        if (says_something(*mode, op, signature)) cases.push_back({&op, signature, mode, number});
      }
      ++number;
    }
  }
  return cases;
}

// Bounded data, where there are any, suit every implementation, whatever it accumulates in.
std::vector<Case> plan_probes(const std::vector<Case>& cases) {
  constexpr std::size_t kShapes = 2;
  std::map<std::string, std::vector<const Case*>> by_op;
  for (const Case& test_case : cases) {
    const std::string_view mode = applies(data_mode_named("bounded"), *test_case.op) ? "bounded" : "exact";
    if (test_case.mode->name == mode && has_elements(test_case)) by_op[test_case.op->name].push_back(&test_case);
  }
  std::vector<Case> probes;
  for (const Probe& probe : all_probes()) {
    for (const auto& [name, candidates] : by_op) {
      if (!probe.applies(*candidates.front()->op)) continue;
      const std::size_t count = std::min(kShapes, candidates.size());
      for (std::size_t i = 0; i < count; ++i) {
        probes.push_back(*candidates[(2 * i + 1) * candidates.size() / (2 * count)]);
        probes.back().probe = &probe;
      }
    }
  }
  return probes;
}

}  // namespace plumb
