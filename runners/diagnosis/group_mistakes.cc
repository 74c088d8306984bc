// Scales, zero points and sums of codes that are those of another group, another row, or lie elsewhere.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reference/kernel/code_sums.h"
#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

using Index = std::vector<std::int64_t>;

// The inputs that have an element for each group, present ones only.
std::vector<std::size_t> grouped_inputs(const Op& op, const Problem& problem) {
  std::vector<std::size_t> inputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    const Tensor& tensor = problem.inputs[i];
    if (!tensor.present() || port.fill == Fill::bytes || port.fill == Fill::codes) continue;
    const int axis = group_axis(port, problem.signature);
    if (axis < 0 || static_cast<std::size_t>(axis) >= tensor.shape().size()) continue;
    if (tensor.shape()[static_cast<std::size_t>(axis)] > 1) inputs.push_back(i);
  }
  return inputs;
}

std::string names_of(const Op& op, const std::vector<std::size_t>& inputs) {
  std::string names;
  for (const std::size_t input : inputs) names += (names.empty() ? "" : " and ") + op.inputs[input].name;
  return names;
}

// Which group is taken for the columns from `k` on.
using GroupOf = std::function<std::int64_t(std::int64_t k)>;

// The tensor for groups of `size` columns: those of a group of the right size, or as `taken` says.
Tensor regrouped(const Tensor& t, std::size_t axis, std::int64_t groups, std::int64_t size, const GroupOf& taken) {
  Shape shape = t.shape();
  const std::int64_t own = shape[axis];
  shape[axis] = groups;
  Tensor result(t.dtype(), shape);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const Index index = unravel(i, shape);
    std::int64_t from = 0;
    for (std::size_t a = 0; a < shape.size(); ++a) {
      const std::int64_t at = a == axis ? std::clamp<std::int64_t>(taken(index[a] * size), 0, own - 1) : index[a];
      from = from * t.shape()[a] + at;
    }
    result.set(i, t.at(from));
  }
  return result;
}

// Those of the chosen inputs as `taken` says, in pieces of `piece` columns, which divides the group.
Problem with_groups(const Op& op, const Problem& problem, const std::vector<std::size_t>& chosen, std::int64_t piece,
                    const GroupOf& taken) {
  Problem other = problem;
  const std::int64_t group = problem.signature["group"], columns = problem.signature["K"];
  other.signature.values["group"] = piece;
  for (const std::size_t input : grouped_inputs(op, problem)) {
    const auto axis = static_cast<std::size_t>(group_axis(op.inputs[input], problem.signature));
    const bool is_chosen = std::ranges::find(chosen, input) != chosen.end();
    const bool is_sums = op.inputs[input].fill == Fill::code_sums;
    if (is_sums && piece != group && !is_chosen) {
      other.inputs[input] = code_sums(op, other.signature, problem.inputs[op.input_index("weights")]);
      continue;
    }
    const GroupOf right = [group](std::int64_t k) { return k / group; };
    other.inputs[input] = regrouped(problem.inputs[input], axis, columns / piece, piece, is_chosen ? taken : right);
  }
  return other;
}

// All ways to index groups wrongly, with what is said of each.
struct WrongIndex {
  std::string words;
  std::int64_t piece;
  GroupOf taken;
};

std::vector<WrongIndex> wrong_indices(std::int64_t group, std::int64_t columns) {
  const std::int64_t last = columns / group - 1;
  std::vector<WrongIndex> all = {
      {"of group g - 1 taken for group g", group, [=](std::int64_t k) { return k / group - 1; }},
      {"of group 0 taken for all groups", group, [](std::int64_t) { return 0; }},
      {"of group g + 1 taken for group g", group, [=](std::int64_t k) { return k / group + 1; }},
      {"of the last group taken for all groups", group, [=](std::int64_t) { return last; }},
  };
  for (const std::int64_t tile : {4, 8, 16, 32, 64, 128, 256}) {
    if (tile > group && tile / 2 < columns) {
      all.push_back(
          {fmt::format("taken once for {} columns, from the first of their groups, which have {}", tile, group),
           std::gcd(group, tile), [=](std::int64_t k) { return k / tile * tile / group; }});
    }
    if (tile == group || columns <= tile) continue;
    all.push_back({fmt::format("of group k / {} taken where it is k / {}", tile, group), std::gcd(group, tile),
                   [=](std::int64_t k) { return std::min(k / tile, last); }});
  }
  return all;
}

Mistake swapped_axes(const Op& op, const Signature& signature, std::size_t input) {
  const std::vector<std::string> names = axis_names(op.inputs[input], signature);
  const std::string sentence =
      fmt::format("{0} transposed: read as [{2}, {1}], it is [{1}, {2}]", op.inputs[input].name, names[0], names[1]);
  return with_input(sentence, input, [](const Tensor& t) {
    return gathered(t, [&](const Index& index) {
      const std::int64_t flat = index[1] * t.shape()[0] + index[0];
      Index other = index;
      other[0] = flat / t.shape()[1];
      other[1] = flat % t.shape()[1];
      return other;
    });
  });
}

Mistake row_zero(const Op& op, const Signature& signature, std::size_t input, std::size_t axis) {
  const std::string name = axis_names(op.inputs[input], signature)[axis];
  return with_input(fmt::format("{} of {} = 0 taken for all", op.inputs[input].name, name), input,
                    [axis](const Tensor& t) {
                      return gathered(t, [axis](Index index) {
                        index[axis] = 0;
                        return index;
                      });
                    });
}

// Sums whose rows are padded, read as if they were not.
Mistake stride_without_padding(const Op& op, const Signature& signature, std::size_t input) {
  const std::int64_t outputs = signature["N"];
  return with_input(fmt::format("{} read at stride N = {} without its padding", op.inputs[input].name, outputs), input,
                    [outputs](const Tensor& t) {
                      return gathered(t, [&](Index index) {
                        const std::int64_t flat = index[0] * outputs + std::min(index[1], outputs - 1);
                        index[0] = flat / t.shape()[1];
                        index[1] = flat % t.shape()[1];
                        return index;
                      });
                    });
}

void add_wrong_indices(Mistakes& mistakes, const Op& op, const Problem& problem,
                       const std::vector<std::size_t>& chosen) {
  for (const WrongIndex& wrong : wrong_indices(problem.signature["group"], problem.signature["K"])) {
    mistakes.push_back({names_of(op, chosen) + " " + wrong.words, [=](const Op& of, const Problem& right) {
                          return of.evaluate(with_groups(of, with_zero_points_as_numbers(of, right), chosen,
                                                         wrong.piece, wrong.taken));
                        }});
  }
}

// Of pairs that lie together, scale and what is added to scaled codes, one is got wrong.
constexpr std::int64_t kPair = 2;

bool holds_pairs(const Tensor& tensor) { return tensor.shape().size() == 3 && tensor.shape()[2] == kPair; }

// `change` of one element of each pair, the other as it is.
Tensor of_pairs(const Tensor& t, std::int64_t chosen, const Tensor& other) {
  Tensor result(t.dtype(), t.shape());
  for (std::int64_t i = 0; i < t.size(); ++i) result.set(i, (i % kPair == chosen ? other : t).at(i));
  return result;
}

void add_pairs(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const std::string& name = op.inputs[input].name;
  for (std::int64_t chosen = 0; chosen < kPair; ++chosen) {
    const std::string of = fmt::format("{}[..., {}]", name, chosen);
    const auto of_chosen = [&](const std::string& words, std::function<Tensor(const Tensor&)> change) {
      mistakes.push_back(
          with_input(of + " " + words, input, [=](const Tensor& t) { return of_pairs(t, chosen, change(t)); }));
    };
    of_chosen("ignored", [](const Tensor& t) { return Tensor(t.dtype(), t.shape()); });
    const std::int64_t groups = problem.inputs[input].shape()[0];
    const auto from_group = [](std::function<std::int64_t(std::int64_t)> taken) {
      return [=](const Tensor& t) {
        return gathered(t, [&](Index index) {
          index[0] = taken(index[0]);
          return index;
        });
      };
    };
    if (groups < 2) continue;
    of_chosen("of group 0 taken for all groups", from_group([](std::int64_t) { return 0; }));
    of_chosen("of group g - 1 taken for group g",
              from_group([](std::int64_t g) { return std::max<std::int64_t>(g - 1, 0); }));
    of_chosen("transposed: the first two axes exchanged", [](const Tensor& t) {
      return gathered(t, [&](Index index) {
        const std::int64_t flat = index[1] * t.shape()[0] + index[0];
        return Index{flat / t.shape()[1], flat % t.shape()[1], index[2]};
      });
    });
  }
}

}  // namespace

Mistakes group_mistakes(const Op& op, const Problem& given) {
  Mistakes mistakes;
  const Problem problem = with_zero_points_as_numbers(op, given);
  const std::vector<std::size_t> grouped = grouped_inputs(op, problem);
  const Sizes& sizes = problem.signature.values;
  const bool regular = op.param("group") != nullptr && sizes.contains("K") && sizes.at("group") > 0 &&
                       sizes.at("K") % sizes.at("group") == 0;
  if (regular && !grouped.empty()) add_wrong_indices(mistakes, op, problem, grouped);
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const bool scales = op.inputs[i].fill == Fill::scale && problem.inputs[i].present();
    if (scales && holds_pairs(problem.inputs[i])) add_pairs(mistakes, op, problem, i);
  }
  for (const std::size_t input : grouped) {
    const Shape& shape = problem.inputs[input].shape();
    if (regular && grouped.size() > 1) add_wrong_indices(mistakes, op, problem, {input});
    if (shape.size() < 2) continue;
    if (shape[0] > 1 && shape[1] > 1) mistakes.push_back(swapped_axes(op, problem.signature, input));
    const std::size_t other = group_axis(op.inputs[input], problem.signature) == 0 ? 1 : 0;
    if (shape[other] > 1) mistakes.push_back(row_zero(op, problem.signature, input, other));
    if (op.inputs[input].fill == Fill::code_sums && sizes.contains("N") && shape[1] != sizes.at("N")) {
      mistakes.push_back(stride_without_padding(op, problem.signature, input));
    }
  }
  return mistakes;
}

}  // namespace plumb
