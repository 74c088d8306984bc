#include "runners/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/layout/wrong_variants.h"
#include "reference/ops.h"
#include "runners/data.h"
#include "runners/plan.h"

namespace plumb {
namespace {

std::string legal_values(const Param& param) {
  if (param.kind == Param::Kind::flag) return "flag";
  std::vector<std::string> names;
  for (const std::int64_t value : param.values) names.push_back(param.text(value));
  if (param.kind == Param::Kind::integer) return fmt::format("integer, planned: {}", fmt::join(names, " "));
  return fmt::format("{}", fmt::join(names, " | "));
}

std::string default_of(const Param& param) {
  if (!param.default_value) return "required";
  if (param.kind == Param::Kind::flag) return *param.default_value != 0 ? "default on" : "default off";
  return fmt::format("default {}", param.text(*param.default_value));
}

std::string dtype_text(const Op& op, const Port& port) {
  const Param* choice = op.param(port.dtype);
  return choice == nullptr ? port.dtype : legal_values(*choice);
}

std::string port_line(const Op& op, const Port& port) {
  std::string notes;
  if (port.role == Role::constant) notes += "; constant: goes through prepare";
  if (!port.present_if.empty()) notes += fmt::format("; only with flag {}", port.present_if);
  if (!port.high.empty()) notes += fmt::format("; in [{}, {}]", port.low, port.high);
  if (!port.alternative_shape.empty())
    notes += fmt::format("; [{}] if that has as many elements", port.alternative_shape);
  for (std::size_t i = 0; i < port.layouts.size(); ++i) {
    notes += fmt::format("; layout {}", port.layouts[i]);
    if (!port.layout_param.empty()) {
      notes += fmt::format(" if {} = {}", port.layout_param,
                           op.param(port.layout_param)->text(static_cast<std::int64_t>(i)));
    }
  }
  return fmt::format("  {:<14} {:<16} [{}]  {}{}\n", port.name, dtype_text(op, port), port.shape, port.meaning, notes);
}

std::string bound_text(const Op& op) {
  switch (op.arithmetic) {
    case Arithmetic::prescribed:
      if (op.left_open.empty()) return "bit for bit";
      return fmt::format(
          "bit for bit, but for {}: an element may be any value that these can lead to, and no other.\n  The oracle "
          "finds those values, for each element",
          op.left_open);
    case Arithmetic::rounded_once:
      return "|got - y| <= u |y|: one product, rounded to the output type";
    case Arithmetic::accumulated:
      return fmt::format(
          "|got - y| <= [(1 + u_x)(1 + u_w)(1 + gamma_n(u_acc)) - 1] (sum_k |x_k||w_k| + |b|) + u_out |y| "
          "+ underflow,\n  n = ceil({} / chain_divisor) + chain_extra; u and n from the implementation's "
          "contract. Bit for bit on exact data.",
          op.length.find(' ') == op.length.npos ? op.length : "(" + op.length + ")");
  }
  PLUMB_CHECK(false);
}

std::vector<std::string> layouts_of(const Op& op) {
  std::vector<std::string> names;
  const auto add = [&](const Port& port) {
    for (const std::string& name : port.layouts) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  };
  for (const Port& port : op.inputs) add(port);
  for (const Port& port : op.outputs) add(port);
  return names;
}

// What diagnosis tries, on a weight of two blocks each way, and padding where there can be some.
std::string picture_and_mistakes(const Layout& layout) {
  const std::int64_t rows = 2 * std::max<std::int64_t>({layout.row_multiple, layout.block_rows, 2});
  const Extent extent{rows, layout.column_multiple > 2 ? layout.column_multiple * 2 - 2 : 16};
  std::string text = picture(layout) + "\n  how it is got wrong\n";
  for (const WrongVariant& variant : wrong_variants(layout, extent)) text += fmt::format("    {}\n", variant.sentence);
  return text;
}

}  // namespace

std::string list_ops() {
  std::string text;
  std::size_t width = 0;
  for (const Op& op : all_ops()) width = std::max(width, op.name.size());
  for (const Op& op : all_ops()) text += fmt::format("{:<{}}  {}\n", op.name, width, op.summary);
  return text + "\nplumb ops NAME explains one.\n";
}

std::string explain_op(const Op& op) {
  std::string text =
      fmt::format("{}: {}\n\n  {}\n\nsource: {}\n\nsizes\n", op.name, op.summary, op.semantics, op.source);
  for (const Size& size : op.sizes) {
    text += fmt::format("  {:<14} {}; planned: {}\n", size.name, size.meaning, fmt::join(size.sweep, " "));
  }
  text += "\nparameters\n";
  for (const Param& param : op.params) {
    text += fmt::format("  {:<14} {} ({}; {})\n", param.name, param.meaning, legal_values(param), default_of(param));
  }
  text += "\ninputs\n";
  for (const Port& port : op.inputs) text += port_line(op, port);
  text += op.outputs.size() == 1 ? "\noutput\n" : "\noutputs\n";
  for (const Port& port : op.outputs) text += port_line(op, port);
  if (!op.constraints.empty()) text += "\nconstraints\n";
  for (const Constraint& constraint : op.constraints) {
    text += fmt::format("  {:<14} {}\n", constraint.formula, constraint.why);
  }
  text += "\nbound\n  " + bound_text(op) + "\n\ndata modes\n";
  for (const DataMode& mode : all_data_modes()) {
    if (applies(mode, op)) text += fmt::format("  {:<14} {}\n", mode.name, mode.summary);
  }
  for (const std::string& name : layouts_of(op)) {
    text += "\nlayout " + picture_and_mistakes(layout_named(name));
  }
  const std::string example = to_string(plan_cases(op, 0).front());
  return text + fmt::format("\nexample\n  plumb check '{}'\n", example);
}

std::vector<LayoutPicture> layout_pictures() {
  std::vector<LayoutPicture> pictures;
  for (const Op& op : all_ops()) {
    for (const std::string& name : layouts_of(op))
      pictures.push_back({op.name, name, picture_and_mistakes(layout_named(name))});
  }
  return pictures;
}

}  // namespace plumb
