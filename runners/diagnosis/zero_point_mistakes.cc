// Zero points that are ignored, off by one, wrapped round, unpacked wrongly, or assumed where there are none.

#include <fmt/format.h>

#include <cmath>

#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

// Zero points that are packed as codes, as the same operator takes them as numbers. The two come one instead of the
// other, as inputs with flags of their names.
constexpr const char *kPacked = "zero_codes", *kNumbers = "zero_point";

bool takes_both(const Op& op) { return op.param(kPacked) != nullptr && op.param(kNumbers) != nullptr; }

// Element i of packed codes whose rows of `columns` begin at a byte, or follow each other without a gap.
enum class Rows { without_gap, at_bytes };
double packed_code(const Tensor& packed, int bits, std::int64_t row, std::int64_t column, std::int64_t columns,
                   Rows rows) {
  const std::int64_t row_bits = rows == Rows::at_bytes ? (columns * bits + 7) / 8 * 8 : columns * bits;
  const std::int64_t bit = row * row_bits + column * bits;
  const auto byte = static_cast<std::size_t>(bit / 8);
  if (byte >= packed.codes().size()) return 0;  // beyond the tensor
  return packed.codes()[byte] >> bit % 8 & ((1 << bits) - 1);
}

// [N, G], or one for all.
Shape small_shape(const Signature& signature) {
  if (signature["zeros"] != 0) return {1, 1};
  return {signature["N"], signature["K"] / signature["group"]};
}

Problem with_numbers(const Op& op, const Problem& problem, Tensor numbers) {
  Problem other = problem;
  other.signature.values[kPacked] = 0;
  other.signature.values[kNumbers] = 1;
  other.signature.values["zero"] = static_cast<std::int64_t>(numbers.dtype());
  other.inputs[op.input_index(kPacked)] = Tensor();
  other.inputs[op.input_index(kNumbers)] = std::move(numbers);
  return other;
}

Tensor unpacked(const Op& op, const Problem& problem, Rows rows) {
  Tensor numbers(DType::f32, small_shape(problem.signature));
  const Shape& shape = numbers.shape();
  const int bits = code_bits(op, problem.signature);
  for (std::int64_t i = 0; i < numbers.size(); ++i) {
    const Tensor& packed = problem.inputs[op.input_index(kPacked)];
    numbers.set(i, packed_code(packed, bits, i / shape[1], i % shape[1], shape[1], rows));
  }
  return numbers;
}

struct Change {
  std::string words;
  std::function<double(double)> change;
};

std::vector<Change> changes(int bits) {
  const int count = 1 << bits;
  return {{"one too large", [](double z) { return z + 1; }},
          {"one too small", [](double z) { return z - 1; }},
          {fmt::format("0 taken as {}: zero point - 1 wraps round to {}", count, count - 1),
           [=](double z) { return z == 0 ? count : z; }}};
}

// In f32, which holds what their own type may not.
Tensor widened(const Tensor& t) {
  Tensor wide(DType::f32, t.shape());
  for (std::int64_t i = 0; i < t.size(); ++i) wide.set(i, t.at(i));
  return wide;
}

void add_packed(Mistakes& mistakes, const Op& op, const Problem& problem) {
  mistakes.push_back(without_input("zero_codes ignored", op.input_index(kPacked), kPacked));
  const int bits = code_bits(op, problem.signature);
  mistakes.push_back({"zero_codes read as if each row began at a byte; rows follow each other without a gap",
                      [](const Op& of, const Problem& right) {
                        return of.evaluate(with_numbers(of, right, unpacked(of, right, Rows::at_bytes)));
                      }});
  for (const Change& change : changes(bits)) {
    mistakes.push_back({"zero_codes " + change.words, [change](const Op& of, const Problem& right) {
                          Tensor numbers = changed(unpacked(of, right, Rows::without_gap), change.change);
                          return of.evaluate(with_numbers(of, right, std::move(numbers)));
                        }});
  }
}

// Where there is none: the middle of the range.
void add_assumed(Mistakes& mistakes, const Op& op, const Problem& problem) {
  const int half = 1 << (code_bits(op, problem.signature) - 1);
  mistakes.push_back(
      {fmt::format("zero point {} assumed where none is given", half), [half](const Op& of, const Problem& right) {
         const Tensor none(DType::f32, small_shape(right.signature));
         return of.evaluate(with_numbers(of, right, changed(none, [=](double) { return half; })));
       }});
}

void add_numbers(Mistakes& mistakes, const Op& op, const Problem& problem, std::size_t input) {
  const Port& port = op.inputs[input];
  const auto zero = [](const Tensor& t) { return changed(t, [](double) { return 0.0; }); };
  mistakes.push_back(with_input(port.name + " ignored", input, zero));
  for (const Change& change : changes(std::max(code_bits(op, problem.signature), 1))) {
    mistakes.push_back(with_input(port.name + " " + change.words, input,
                                  [change](const Tensor& t) { return changed(widened(t), change.change); }));
  }
}

// Sums of code - zero point in which only one of the two sees what `x` is made of.
Answer with_other_zero_part(const Op& op, const Problem& problem, const Problem& zero_part) {
  const auto without_zeros = [&](Problem p) {
    for (const char* flag : {kPacked, kNumbers}) {
      p.signature.values[flag] = 0;
      p.inputs[op.input_index(flag)] = Tensor();
    }
    return op.evaluate(p);
  };
  Answer answer = op.evaluate(problem);
  const Answer codes = without_zeros(problem), other = op.evaluate(zero_part), other_codes = without_zeros(zero_part);
  for (std::size_t i = 0; i < answer[0].value.size(); ++i) {
    answer[0].value[i] = codes[0].value[i] + other[0].value[i] - other_codes[0].value[i];
  }
  return answer;
}

// In every group of a row the sum of x is rounded to `dtype`: the first element takes what that changes.
Problem with_rounded_sums(const Problem& problem, DType dtype) {
  Problem other = problem;
  const Tensor& x = problem.inputs[0];
  const std::int64_t group = problem.signature["group"];
  Tensor wide(DType::f64, x.shape());
  for (std::int64_t i = 0; i < x.size(); i += group) {
    double sum = 0;
    for (std::int64_t k = i; k < i + group; ++k) sum += x.at(k);
    for (std::int64_t k = i; k < i + group; ++k) wide.set(k, x.at(k) + (k == i ? round_to(dtype, sum) - sum : 0));
  }
  other.inputs[0] = std::move(wide);
  return other;
}

void add_sum_parts(Mistakes& mistakes, const Problem& problem) {
  if (problem.signature["dynamic"] != 0) {
    mistakes.push_back(
        {"zero point multiplied with the sum of the activation before it is quantised; it belongs to that "
         "of the quantised one",
         [](const Op& op, const Problem& right) {
           Problem as_it_is = right;
           as_it_is.signature.values["dynamic"] = 0;
           return with_other_zero_part(op, right, as_it_is);
         }});
    return;
  }
  for (const DType dtype : {DType::f16, DType::bf16}) {
    mistakes.push_back(
        {fmt::format("sums of the activation's groups, for the zero points, rounded to {}", to_string(dtype)),
         [dtype](const Op& op, const Problem& right) {
           return with_other_zero_part(op, right, with_rounded_sums(right, dtype));
         }});
  }
}

}  // namespace

Problem with_zero_points_as_numbers(const Op& op, const Problem& problem) {
  if (!takes_both(op) || problem.signature[kPacked] == 0) return problem;
  return with_numbers(op, problem, unpacked(op, problem, Rows::without_gap));
}

Mistakes zero_point_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  const bool both = takes_both(op), packed = both && problem.signature[kPacked] != 0;
  if (packed) add_packed(mistakes, op, problem);
  if (both && !packed && problem.signature[kNumbers] == 0) add_assumed(mistakes, op, problem);
  if (both && (packed || problem.signature[kNumbers] != 0)) add_sum_parts(mistakes, problem);
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    if (problem.inputs[i].present() && port.fill == Fill::integers && holds_zero_points(port)) {
      add_numbers(mistakes, op, problem, i);
    }
  }
  return mistakes;
}

}  // namespace plumb
