// What every operator of the table owes to those who derive data, cases and documentation from it.
#include "reference/ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <regex>
#include <set>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/sanitized.h"

namespace plumb {
namespace {

std::vector<const Port*> ports_of(const Op& op) {
  std::vector<const Port*> ports;
  for (const Port& port : op.inputs) ports.push_back(&port);
  for (const Port& port : op.outputs) ports.push_back(&port);
  return ports;
}

// The constraints that can be judged once the first 1, 2, … of `names` have values: each where it first can.
std::vector<std::vector<std::string>> constraints_by_axis(const Op& op, const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> by_axis(names.size());
  for (const Constraint& constraint : op.constraints) {
    std::size_t last = 0;
    for (std::size_t axis = 0; axis < names.size(); ++axis) {
      const std::regex word("\\b" + names[axis] + "\\b");
      if (std::regex_search(constraint.formula, word)) last = axis;
    }
    by_axis[last].push_back(constraint.formula);
  }
  return by_axis;
}

// Tables are no more wrong under sanitizers, which make going through them ten times slower.
constexpr std::int64_t kAll = INT64_MAX, kMostChoices = kSanitized ? 2000 : kAll;

// Legal choices of sizes and integer or flag parameters from their sweeps.
class Choices {
 public:
  explicit Choices(const Op& op) {
    // Element types first: they have one value here.
    for (const Param& param : op.params) {
      if (param.kind == Param::Kind::dtype) add(param.name, {param.values.at(0)});
    }
    for (const Size& size : op.sizes) add(size.name, size.sweep);
    for (const Param& param : op.params) {
      if (param.kind != Param::Kind::dtype) add(param.name, param.values);
    }
    constraints_ = constraints_by_axis(op, names_);
  }

  void visit_all(const std::function<void(const Sizes&)>& visit, std::size_t axis = 0) {
    if (axis == names_.size()) return visit(chosen_);
    for (const std::int64_t value : sweeps_[axis]) {
      if (take(axis, value)) visit_all(visit, axis + 1);
    }
    chosen_.erase(names_[axis]);
  }

  // At most so many, each once: on each axis any value that is legal after those before it.
  void visit_some(std::int64_t most, const std::function<void(const Sizes&)>& visit) {
    std::mt19937 random(1);
    std::set<Sizes> visited;
    for (std::int64_t attempt = 0; attempt < 4 * most && std::ssize(visited) < most; ++attempt) {
      chosen_.clear();
      std::size_t axis = 0;
      while (axis < names_.size() && take_any(axis, random())) ++axis;
      if (axis == names_.size() && visited.insert(chosen_).second) visit(chosen_);
    }
  }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& sweep) {
    names_.push_back(name);
    sweeps_.push_back(sweep);
  }

  bool take(std::size_t axis, std::int64_t value) {
    chosen_[names_[axis]] = value;
    return std::ranges::all_of(constraints_[axis],
                               [&](const std::string& formula) { return evaluate_formula(formula, chosen_) != 0; });
  }

  // The value of that number, or the next one that is legal; false if none is.
  bool take_any(std::size_t axis, std::size_t number) {
    const auto& sweep = sweeps_[axis];
    for (std::size_t i = 0; i < sweep.size(); ++i) {
      if (take(axis, sweep[(number + i) % sweep.size()])) return true;
    }
    return false;
  }

  std::vector<std::string> names_;
  std::vector<std::vector<std::int64_t>> sweeps_;
  std::vector<std::vector<std::string>> constraints_;
  Sizes chosen_;
};

void for_each_legal(const Op& op, const std::function<void(const Sizes&)>& visit, std::int64_t most = kMostChoices) {
  Choices choices(op);
  if (most == kAll) return choices.visit_all(visit);
  choices.visit_some(most, visit);
}

// A few choices are taken from all over, not from where the sweeps begin.
TEST(Ops, FewChoicesComeFromWholeSweeps) {
  for (const char* name : {"linear_q4gsw", "matmul_compressed", "quantize_affine"}) {
    const Op& op = op_named(name);
    std::int64_t visited = 0;
    std::map<std::string, std::set<std::int64_t>> seen;
    for_each_legal(
        op,
        [&](const Sizes& sizes) {
          ++visited;
          for (const auto& [size, value] : sizes) seen[size].insert(value);
        },
        300);
    EXPECT_LE(visited, 300) << name;
    EXPECT_GE(visited, 100) << name;
    EXPECT_GE(seen[op.sizes[0].name].size(), op.sizes[0].sweep.size() / 2) << name;
    EXPECT_GE(*seen[op.sizes[0].name].rbegin(), op.sizes[0].sweep.back() / 2) << name;
  }
}

TEST(Ops, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  for (const Op& op : all_ops()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_EQ(&op_named(op.name), &op);
  }
  try {
    (void)op_named("linear_q4");
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("operator 'linear_q4' is unknown; nearest: linear_q4gsw, "));
  }
}

TEST(Ops, SayWhatTheyAre) {
  for (const Op& op : all_ops()) {
    for (const std::string& text : {op.summary, op.source, op.semantics}) EXPECT_FALSE(text.empty()) << op.name;
    for (const Port* port : ports_of(op)) EXPECT_FALSE(port->meaning.empty()) << op.name << " " << port->name;
    for (const Size& size : op.sizes) EXPECT_FALSE(size.meaning.empty()) << op.name << " " << size.name;
    for (const Param& param : op.params) EXPECT_FALSE(param.meaning.empty()) << op.name << " " << param.name;
    for (const Constraint& constraint : op.constraints) EXPECT_FALSE(constraint.why.empty()) << op.name;
    EXPECT_TRUE(op.evaluate) << op.name;
  }
}

// `given` names sizes and parameters alike; a case name could not tell two apart. Element-type parameters may share
// the name of the port that they are the type of.
TEST(Ops, NamesWithinAnOpAreUnique) {
  for (const Op& op : all_ops()) {
    std::set<std::string> values, ports;
    for (const Size& size : op.sizes) EXPECT_TRUE(values.insert(size.name).second) << op.name << " " << size.name;
    for (const Param& param : op.params) EXPECT_TRUE(values.insert(param.name).second) << op.name << " " << param.name;
    for (const Port* port : ports_of(op)) EXPECT_TRUE(ports.insert(port->name).second) << op.name << " " << port->name;
  }
}

TEST(Ops, SizesAndParametersHaveValuesToTry) {
  for (const Op& op : all_ops()) {
    for (const Size& size : op.sizes) {
      EXPECT_GE(size.sweep.size(), 2U) << op.name << " " << size.name;
      EXPECT_TRUE(std::ranges::is_sorted(size.sweep, std::less_equal{})) << op.name << " " << size.name;
    }
    for (const Param& param : op.params) {
      EXPECT_GE(param.values.size(), 2U) << op.name << " " << param.name;
      const std::set<std::int64_t> distinct(param.values.begin(), param.values.end());
      EXPECT_EQ(distinct.size(), param.values.size()) << op.name << " " << param.name;
      EXPECT_TRUE(distinct.contains(param.default_value.value_or(param.values[0]))) << op.name << " " << param.name;
      if (param.kind != Param::Kind::dtype) continue;
      for (const std::int64_t value : param.values) EXPECT_TRUE(value >= 1 && value <= 8) << op.name << " " << value;
    }
  }
}

TEST(Ops, ElementTypesResolve) {
  for (const Op& op : all_ops()) {
    for (const Port* port : ports_of(op)) {
      const Param* param = op.param(port->dtype);
      if (param == nullptr) {
        EXPECT_NO_THROW((void)dtype_from_string(port->dtype)) << op.name << " " << port->name;
      } else {
        EXPECT_EQ(param->kind, Param::Kind::dtype) << op.name << " " << port->name;
      }
    }
  }
}

TEST(Ops, PortsReferToThingsThatExist) {
  for (const Op& op : all_ops()) {
    for (const Port* port : ports_of(op)) {
      for (const std::string& layout : port->layouts) EXPECT_NO_THROW((void)layout_named(layout)) << layout;
      EXPECT_FALSE(port->fill == Fill::codes && port->layouts.empty()) << op.name << " " << port->name;
      if (!port->layout_param.empty()) {
        const Param* param = op.param(port->layout_param);
        ASSERT_NE(param, nullptr) << op.name << " " << port->name;
        EXPECT_TRUE(param->kind == Param::Kind::flag || param->kind == Param::Kind::choice) << op.name;
        EXPECT_EQ(port->layouts.size(), param->values.size()) << op.name << " " << port->name;
      } else {
        EXPECT_LE(port->layouts.size(), 1U) << op.name << " " << port->name;
      }
      EXPECT_EQ(port->low.empty(), port->high.empty()) << op.name << " " << port->name;
      EXPECT_TRUE(port->fill != Fill::index || !port->high.empty()) << op.name << " " << port->name;
      if (port->present_if.empty()) continue;
      ASSERT_NE(op.param(port->present_if), nullptr) << op.name << " " << port->name;
      EXPECT_EQ(op.param(port->present_if)->kind, Param::Kind::flag) << op.name << " " << port->name;
    }
  }
}

// Each planned value must occur in a legal case: one that no constraint lets through would never be tried.
TEST(Ops, EverySweptValueOccursInALegalCase) {
  if (kMostChoices != kAll) GTEST_SKIP() << "takes too long under sanitizers";
  for (const Op& op : all_ops()) {
    std::map<std::string, std::set<std::int64_t>> seen;
    for_each_legal(op, [&](const Sizes& sizes) {
      for (const auto& [name, value] : sizes) seen[name].insert(value);
    });
    for (const Size& size : op.sizes)
      EXPECT_EQ(seen[size.name].size(), size.sweep.size()) << op.name << " " << size.name;
    for (const Param& param : op.params) {
      if (param.kind == Param::Kind::dtype) continue;
      EXPECT_EQ(seen[param.name].size(), param.values.size()) << op.name << " " << param.name;
    }
  }
}

// Shapes made from sizes are shapes that the sizes are inferred from, and hold the layout's bytes.
TEST(Ops, ShapesAndSizesDetermineEachOther) {
  for (const Op& op : all_ops()) {
    int cases = 0;
    for_each_legal(op, [&](const Sizes& sizes) {
      if (++cases % 97 != 1) return;
      const Signature s = make_signature(op, sizes);
      std::vector<Offer> offers;
      Sizes params;
      for (const Port& port : op.inputs) {
        const bool present = is_present(port, s);
        offers.push_back({present, dtype_of(port, op, s), present ? shape_of(port, s) : Shape{}});
        if (present && port.fill == Fill::codes) {
          EXPECT_EQ(element_count(shape_of(port, s)), layout_of(port, s).size_bytes(extent_of(s))) << op.name;
        }
      }
      for (const Param& param : op.params) params[param.name] = s[param.name];
      const Signature inferred = infer_signature(op, offers, params);
      EXPECT_EQ(inferred.values, s.values) << op.name;
      EXPECT_EQ(inferred.leading, s.leading) << op.name;
      const std::vector<Form> plausible = plausible_output_forms(op, offers, params), forms = output_forms(op, s);
      ASSERT_EQ(plausible.size(), forms.size()) << op.name;
      for (std::size_t i = 0; i < forms.size(); ++i) {
        EXPECT_EQ(plausible[i].shape, forms[i].shape) << op.name;
        EXPECT_EQ(plausible[i].dtype, forms[i].dtype) << op.name;
      }
    });
    EXPECT_GT(cases, 0) << op.name;
  }
}

TEST(Ops, EvaluateFillsTheOutputs) {
  for (const Op& op : all_ops()) {
    int cases = 0;
    for_each_legal(op, [&](const Sizes& sizes) {
      if (++cases % 997 != 1) return;
      Problem problem{make_signature(op, sizes), {}};
      for (const Port& port : op.inputs) {
        problem.inputs.push_back(is_present(port, problem.signature)
                                     ? Tensor(dtype_of(port, op, problem.signature), shape_of(port, problem.signature))
                                     : Tensor());
      }
      const Answer answer = op.evaluate(problem);
      const std::vector<Form> forms = output_forms(op, problem.signature);
      ASSERT_EQ(answer.size(), forms.size()) << op.name;
      for (std::size_t i = 0; i < forms.size(); ++i) {
        const auto count = static_cast<std::size_t>(element_count(forms[i].shape));
        EXPECT_EQ(answer[i].value.size(), count) << op.name;
        EXPECT_EQ(answer[i].slack.size(), op.left_open.empty() ? 0 : count) << op.name;
        if (op.arithmetic == Arithmetic::prescribed) continue;
        EXPECT_EQ(answer[i].magnitude.size(), count) << op.name;
        EXPECT_EQ(answer[i].peak.size(), count) << op.name;
        EXPECT_EQ(answer[i].underflow.size(), count) << op.name;
      }
    });
  }
}

TEST(Ops, SumsSayHowLongTheyAre) {
  for (const Op& op : all_ops()) {
    EXPECT_EQ(op.arithmetic == Arithmetic::accumulated, !op.length.empty()) << op.name;
    const bool has_codes =
        std::ranges::any_of(op.inputs, [](const Port& p) { return !p.layouts.empty() || p.fill == Fill::code_sums; });
    const bool multiplies = op.arithmetic != Arithmetic::prescribed;
    // Sums have a factor of known size, be it a code of a byte each or a number of at most 1 in exact data.
    const bool sums = op.arithmetic == Arithmetic::accumulated;
    EXPECT_EQ(multiplies && (has_codes || sums), op.max_code_magnitude > 0) << op.name;
  }
}

}  // namespace
}  // namespace plumb
