// What can be done to a right result: written in another order, twice, or rounded once more.

#include <fmt/format.h>

#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

Mistake of_values(std::string sentence, std::function<std::vector<double>(const std::vector<double>&)> change) {
  return {std::move(sentence), [change = std::move(change)](const Op& op, const Problem& problem) {
            Answer answer = op.evaluate(problem);
            answer[0].value = change(answer[0].value);
            answer[0].steps.clear();
            return answer;
          }};
}

std::function<std::vector<double>(const std::vector<double>&)> each(std::function<double(double)> change) {
  return [change = std::move(change)](std::vector<double> values) {
    for (double& value : values) value = change(value);
    return values;
  };
}

}  // namespace

Mistakes output_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  const std::vector<Form> forms = output_forms(op, problem.signature);
  const Form& form = forms[0];
  const std::vector<std::string> names = axis_names(op.outputs[0], problem.signature);
  if (form.shape.size() > 1 && form.shape.back() > 1 && element_count(form.shape) > form.shape.back()) {
    const std::int64_t columns = form.shape.back(), rows = element_count(form.shape) / columns;
    mistakes.push_back(of_values(
        fmt::format("{0} transposed: written as [{1}, rows], it is [rows, {1}]", op.outputs[0].name, names.back()),
        [=](const std::vector<double>& right) {
          std::vector<double> other(right.size());
          for (std::size_t i = 0; i < right.size(); ++i) {
            const auto flat = static_cast<std::int64_t>(i);
            other[static_cast<std::size_t>(flat % columns * rows + flat / columns)] = right[i];
          }
          return other;
        }));
  }
  if (!info(form.dtype).is_float) return mistakes;
  mistakes.push_back(of_values(op.outputs[0].name + " twice as large: added to what is there, or counted twice",
                               each([](double value) { return 2 * value; })));
  mistakes.push_back(of_values(op.outputs[0].name + " has the wrong sign", each([](double value) { return -value; })));
  for (const DType narrow : {DType::f16, DType::bf16}) {
    if (info(form.dtype).precision_bits <= info(narrow).precision_bits) continue;
    mistakes.push_back(of_values(fmt::format("{} rounded to {} before it is stored as {}", op.outputs[0].name,
                                             to_string(narrow), to_string(form.dtype)),
                                 each([narrow](double value) { return round_to(narrow, value); })));
  }
  return mistakes;
}

}  // namespace plumb
