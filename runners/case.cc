#include "runners/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "reference/error.h"
#include "reference/kernel/code_sums.h"
#include "reference/ops.h"
#include "runners/probe.h"

namespace plumb {
namespace {

std::string print_param(const Param& param, std::int64_t value) {
  if (param.kind == Param::Kind::flag && value != 0) return "," + param.name;
  return fmt::format(",{}={}", param.name, param.text(value));
}

// The parts of "op[sizes]/mode#seed+probe".
struct Parts {
  std::string_view op, sizes, mode, seed, probe;
};

Parts split(std::string_view name) {
  const std::size_t open = name.find('['), close = name.find("]/"), hash = name.rfind('#');
  if (open == std::string_view::npos || close == std::string_view::npos || hash == std::string_view::npos ||
      open > close || close > hash) {
    throw Error(
        fmt::format("case '{}': expected OP[SIZES]/MODE#SEED, e.g. linear_q4gsw[M=3,K=64,N=8,group=32]/exact#7", name));
  }
  const std::string_view seed = name.substr(hash + 1);
  const std::size_t plus = std::min(seed.find('+'), seed.size());
  return {name.substr(0, open), name.substr(open + 1, close - open - 1), name.substr(close + 2, hash - close - 2),
          seed.substr(0, plus), plus < seed.size() ? seed.substr(plus + 1) : ""};
}

template <typename Integer>
Integer parse_integer(std::string_view text, std::string_view what) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    throw Error(fmt::format("{}: expected an integer, got '{}'", what, text));
  }
  return value;
}

// "K=256", "x=f16" or "bias".
void parse_assignment(const Op& op, std::string_view text, Sizes& values) {
  const std::size_t equals = text.find('=');
  const std::string name(text.substr(0, equals));
  const Param* param = op.param(name);
  std::int64_t value = 1;
  if (equals == std::string_view::npos) {
    if (param == nullptr || param->kind != Param::Kind::flag) {
      throw Error(fmt::format("case: '{}' is not a flag of {}; write NAME=VALUE", name, op.name));
    }
  } else if (param != nullptr && param->kind != Param::Kind::integer && param->kind != Param::Kind::flag) {
    value = param->parse(text.substr(equals + 1));
  } else {
    value = parse_integer<std::int64_t>(text.substr(equals + 1), "case: " + name);
  }
  if (!values.emplace(name, value).second) throw Error(fmt::format("case: '{}' is given twice", name));
}

}  // namespace

std::string to_string(const Case& test_case) {
  std::string inside;
  for (const Size& size : test_case.op->sizes) {
    inside += fmt::format(",{}={}", size.name, test_case.signature[size.name]);
  }
  for (const Param& param : test_case.op->params) {
    const std::int64_t value = test_case.signature[param.name];
    if (param.default_value != value) inside += print_param(param, value);
  }
  const std::string probe = test_case.probe == nullptr ? "" : fmt::format("+{}", test_case.probe->name);
  return fmt::format("{}[{}]/{}#{}{}", test_case.op->name, inside.substr(1), test_case.mode->name, test_case.seed,
                     probe);
}

Case parse_case(std::string_view name) {
  const Parts parts = split(name);
  const Op& op = op_named(parts.op);
  Sizes values;
  std::string_view rest = parts.sizes;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    parse_assignment(op, rest.substr(0, comma), values);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  const DataMode& mode = data_mode_named(parts.mode);
  if (!applies(mode, op))
    throw Error(fmt::format("case '{}': data mode {} does not apply to {}", name, mode.name, op.name));
  const Probe* probe = parts.probe.empty() ? nullptr : &probe_named(parts.probe);
  if (probe != nullptr && !probe->applies(op))
    throw Error(fmt::format("case '{}': probe {} does not apply to {}", name, probe->name, op.name));
  return {&op, make_signature(op, values), &mode, parse_integer<std::uint64_t>(parts.seed, "case: seed"), probe};
}

Problem make_problem(const Case& test_case) {
  Problem problem{test_case.signature, {}};
  for (const Port& port : test_case.op->inputs) {
    if (port.fill == Fill::code_sums) {  // of the codes that are there already
      const Tensor& weights = problem.inputs.at(test_case.op->input_index("weights"));
      problem.inputs.push_back(code_sums(*test_case.op, test_case.signature, weights));
      continue;
    }
    problem.inputs.push_back(make_input(*test_case.op, test_case.signature, port, *test_case.mode, test_case.seed));
  }
  return problem;
}

}  // namespace plumb
