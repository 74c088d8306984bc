// Inputs that are dropped, used twice, taken from the row next to the right one, or taken for another element type.

#include <fmt/format.h>

#include <algorithm>

#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

using Index = std::vector<std::int64_t>;

// The same bits as another floating-point type of as many bytes, or an integer with or without sign.
constexpr std::pair<DType, DType> kConfused[] = {
    {DType::f16, DType::bf16}, {DType::bf16, DType::f16}, {DType::i8, DType::u8}};

void add_other_types(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  if (port.fill != Fill::scale && port.fill != Fill::bias && !holds_zero_points(port)) return;
  for (const auto& [own, other] : kConfused) {
    if (problem.inputs[input].dtype() != own) continue;
    const std::string sentence = fmt::format("{}, {}, read as {}", port.name, to_string(own), to_string(other));
    mistakes.push_back(with_input(sentence, input, [other](const Tensor& t) {
      const Tensor read(other, t.shape(), {t.bytes().begin(), t.bytes().end()});
      Tensor wide(DType::f32, t.shape());
      for (std::int64_t i = 0; i < t.size(); ++i) wide.set(i, read.at(i));
      return wide;
    }));
  }
}

void add_dropped(Mistakes& mistakes, const Op& op, std::size_t input) {
  const Port& port = op.inputs[input];
  if (port.present_if.empty() || holds_zero_points(port)) return;
  mistakes.push_back(without_input(port.name + " ignored", input, port.present_if));
}

void add_bias(Mistakes& mistakes, const Op& op, std::size_t input) {
  if (op.inputs[input].fill != Fill::bias) return;
  mistakes.push_back(with_input(op.inputs[input].name + " added twice", input,
                                [](const Tensor& t) { return changed(t, [](double value) { return 2 * value; }); }));
}

void add_index(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  if (port.fill != Fill::index) return;
  const auto last = static_cast<double>(evaluate_formula(port.high, problem.signature.values));
  for (const int by : {1, -1}) {
    mistakes.push_back(with_input(
        fmt::format("row {} {} 1 looked up instead of {}", port.name, by > 0 ? '+' : '-', port.name), input,
        [=](const Tensor& t) { return changed(t, [=](double i) { return std::clamp(i + by, 0.0, last); }); }));
  }
}

// What there is one of for each row of the activation.
void add_rows(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  const Tensor& tensor = problem.inputs[input];
  const bool per_row = port.shape == "M..." && port.fill != Fill::index;
  if (!per_row || tensor.size() < 2) return;
  mistakes.push_back(with_input(port.name + " of row 0 taken for all rows", input, [](const Tensor& t) {
    return changed(t, [first = t.at(0)](double) { return first; });
  }));
  if (tensor.shape().size() < 2 || tensor.shape()[0] < 2) return;
  mistakes.push_back(with_input(
      fmt::format("{} of batch b read from row b on, not from b * {}: a stride of rows where one of batches is wanted",
                  port.name, tensor.size() / tensor.shape()[0]),
      input, [](const Tensor& t) {
        const std::int64_t batch = t.size() / t.shape()[0];
        Tensor result(t.dtype(), t.shape());
        for (std::int64_t i = 0; i < t.size(); ++i) result.set(i, t.at(i / batch + i % batch));
        return result;
      }));
}

void add_activation(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Tensor& x = problem.inputs[input];
  if (op.inputs[input].fill != Fill::activation) return;
  for (const DType narrow : {DType::f16, DType::bf16}) {
    if (info(x.dtype()).precision_bits <= info(narrow).precision_bits) continue;
    const std::string sentence =
        fmt::format("{} rounded to {} before it is multiplied", op.inputs[input].name, to_string(narrow));
    mistakes.push_back(with_input(sentence, input, [narrow](const Tensor& t) {
      return changed(t, [narrow](double value) { return round_to(narrow, value); });
    }));
  }
  if (x.shape().empty() || x.size() <= x.shape().back()) return;
  mistakes.push_back(with_input(op.inputs[input].name + " of row 0 used for all rows", input, [](const Tensor& t) {
    Tensor result(t.dtype(), t.shape());
    for (std::int64_t i = 0; i < t.size(); ++i) result.set(i, t.at(i % t.shape().back()));
    return result;
  }));
}

// One element that serves all, read as if there were one for each: what lies behind it is zero.
void add_broadcast(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  const Param* choice = op.param("scales");
  if (port.fill != Fill::scale || choice == nullptr || problem.signature["scales"] == 0) return;
  mistakes.push_back({port.name + ", one for all, read with strides as if each group had its own",
                      [input](const Op& of, const Problem& right) {
                        Problem other = right;
                        other.signature.values["scales"] = 0;
                        Tensor all(right.inputs[input].dtype(),
                                   {right.signature["N"], right.signature["K"] / right.signature["group"]});
                        all.set(0, right.inputs[input].at(0));
                        other.inputs[input] = std::move(all);
                        return of.evaluate(other);
                      }});
}

// What the activation's zero point adds to the sums, taken out again without the activation's scale.
Mistake correction_not_scaled(std::size_t scales, std::size_t sums, const std::string& name) {
  return {"the zero point's term is not multiplied by " + name, [=](const Op& op, const Problem& problem) {
            Problem without = problem;
            without.inputs[sums] = Tensor(problem.inputs[sums].dtype(), problem.inputs[sums].shape());
            Answer answer = op.evaluate(problem);
            const Answer uncorrected = op.evaluate(without);
            const Tensor& scale = problem.inputs[scales];
            const std::size_t rows = static_cast<std::size_t>(problem.signature["M"]);
            const std::size_t columns = answer[0].value.size() / rows;
            for (std::size_t i = 0; i < answer[0].value.size(); ++i) {
              const double by = scale.at(scale.size() == 1 ? 0 : static_cast<std::int64_t>(i / columns));
              answer[0].value[i] = uncorrected[0].value[i] - (uncorrected[0].value[i] - answer[0].value[i]) / by;
            }
            return answer;
          }};
}

void add_unscaled_correction(Mistakes& mistakes, const Op& op, const Problem& problem) {
  const auto scales = std::ranges::find(op.inputs, Fill::activation_scale, &Port::fill);
  const auto sums = std::ranges::find(op.inputs, Fill::code_sums, &Port::fill);
  const auto rows = problem.signature.values.find("M");  // images have none
  const bool has_rows = rows != problem.signature.values.end() && rows->second > 0;
  if (scales == op.inputs.end() || sums == op.inputs.end() || !has_rows) return;
  mistakes.push_back(correction_not_scaled(static_cast<std::size_t>(scales - op.inputs.begin()),
                                           static_cast<std::size_t>(sums - op.inputs.begin()), scales->name));
}

}  // namespace

Mistakes input_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  add_unscaled_correction(mistakes, op, problem);
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (!problem.inputs[i].present()) continue;
    add_dropped(mistakes, op, i);
    add_bias(mistakes, op, i);
    add_index(mistakes, op, problem, i);
    add_rows(mistakes, op, problem, i);
    add_activation(mistakes, op, problem, i);
    add_other_types(mistakes, op, problem, i);
    add_broadcast(mistakes, op, problem, i);
    if (op.inputs[i].fill == Fill::code_sums) {
      mistakes.push_back(with_input(op.inputs[i].name + " ignored: the activation's zero point stays in the sums", i,
                                    [](const Tensor& t) { return Tensor(t.dtype(), t.shape()); }));
    }
  }
  return mistakes;
}

}  // namespace plumb
