// What every implementation of linear_q4gsw must satisfy, whatever the oracle says: y = x w' + b is linear, its rows
// depend on their own row of x alone, and its columns on their own weights alone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "property_tests/rows.h"
#include "reference/ops.h"
#include "runners/execute.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWeights, kScales, kBias };

const Op& linear() { return op_named("linear_q4gsw"); }

Case draw_case() { return *arbitrary_case(linear()); }

// A case with at least `rows` rows, and one of the rows.
std::pair<Case, std::int64_t> draw_row(std::int64_t rows) {
  const Case test_case = draw_case();
  RC_PRE(test_case.signature["M"] >= rows);
  return {test_case, *rc::gen::inRange<std::int64_t>(0, test_case.signature["M"])};
}

// The same sizes with other values.
Problem other_problem(Case test_case) {
  test_case.seed ^= 1;
  return make_problem(test_case);
}

template <typename Function>
Tensor mapped(Tensor tensor, const Function& function) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, function(tensor.at(i), i));
  return tensor;
}

Tensor scaled(const Tensor& tensor, int exponent) {
  return mapped(tensor, [&](double value, std::int64_t) { return std::ldexp(value, exponent); });
}

// Exact data of which two can be added: half the output's bits are left free.
const DataMode& addable_mode(const Case& test_case) {
  const bool narrow = dtype_of(linear().outputs[0], linear(), test_case.signature) == DType::f16;
  return data_mode_named(narrow ? "exact8" : "exact11");
}

// f(x1 + x2) + f(0) == f(x1) + f(x2), bit for bit.
RC_GTEST_PROP(LinearProperties, IsAdditiveOnExactData, ()) {
  Case test_case = draw_case();
  test_case.mode = &addable_mode(test_case);
  const Problem first = make_problem(test_case);
  Problem second = first, both = first, neither = first;
  second.inputs[kX] = other_problem(test_case).inputs[kX];
  both.inputs[kX] = mapped(first.inputs[kX], [&](double x, std::int64_t i) { return x + second.inputs[kX].at(i); });
  neither.inputs[kX] = mapped(first.inputs[kX], [](double, std::int64_t) { return 0.0; });
  for (const Subject& subject : runnable("linear_q4gsw")) {
    if (info(contract_of(*subject.impl).accumulator).precision_bits <= test_case.mode->exact_bits) continue;
    RC_LOG(subject.impl->name);
    const Tensor y1 = answer(subject, linear(), first), y2 = answer(subject, linear(), second);
    const Tensor sum = answer(subject, linear(), both), bias = answer(subject, linear(), neither);
    for (std::int64_t i = 0; i < sum.size(); ++i) RC_ASSERT(sum.at(i) + bias.at(i) == y1.at(i) + y2.at(i));
  }
}

// y == 2^exponent y0, wherever nothing was lost below the normal range.
void check_scaled(const Tensor& y, const Tensor& y0, int exponent) {
  for (std::int64_t i = 0; i < y.size(); ++i) {
    if (y0.at(i) != 0 && std::abs(y0.at(i)) < min_normal(y0.dtype())) continue;
    RC_ASSERT(y.at(i) == std::ldexp(y0.at(i), exponent));
  }
}

// Multiplying x and b by a power of two multiplies every rounding error by it, too. f16 is only scaled up: what was
// rounded to a subnormal x is then exact.
RC_GTEST_PROP(LinearProperties, IsHomogeneousInPowersOfTwo, ()) {
  const Case test_case = draw_case();
  const Problem problem = make_problem(test_case);
  const bool half = problem.inputs[kX].dtype() == DType::f16;
  const int exponent = half ? *rc::gen::inRange(1, 5) : *rc::gen::element(-20, -7, -1, 1, 2, 20);
  Problem twice = problem;
  for (const Input input : {kX, kBias}) twice.inputs[input] = scaled(problem.inputs[input], exponent);
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    check_scaled(answer(subject, linear(), twice), answer(subject, linear(), problem), exponent);
  }
}

RC_GTEST_PROP(LinearProperties, IsHomogeneousInTheScales, ()) {
  const Case test_case = draw_case();
  const Problem problem = make_problem(test_case);
  const int exponent = *rc::gen::inRange(1, 5);
  Problem twice = problem;
  for (const Input input : {kScales, kBias}) twice.inputs[input] = scaled(problem.inputs[input], exponent);
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    check_scaled(answer(subject, linear(), twice), answer(subject, linear(), problem), exponent);
  }
}

RC_GTEST_PROP(LinearProperties, ARowDependsOnItsOwnActivationAlone, ()) {
  const auto [test_case, row] = draw_row(1);
  const std::int64_t rows = test_case.signature["M"];
  const Problem problem = make_problem(test_case);
  Problem all_other = problem, one_other = problem;
  all_other.inputs[kX] = other_problem(test_case).inputs[kX];
  one_other.inputs[kX] = with_row(problem.inputs[kX], row, rows, all_other.inputs[kX]);
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, linear(), one_other);
    const Tensor before = answer(subject, linear(), problem), after = answer(subject, linear(), all_other);
    for (std::int64_t m = 0; m < rows; ++m) RC_ASSERT(same_row(y, m, m == row ? after : before, m, rows));
  }
}

RC_GTEST_PROP(LinearProperties, PermutingRowsPermutesResults, ()) {
  const auto [test_case, shift] = draw_row(2);
  const std::int64_t rows = test_case.signature["M"];
  const auto source = [&, shift = shift](std::int64_t m) { return rows - 1 - (m + shift) % rows; };
  const Problem problem = make_problem(test_case);
  Problem permuted = problem;
  const std::int64_t columns = test_case.signature["K"];
  permuted.inputs[kX] = mapped(problem.inputs[kX], [&](double, std::int64_t i) {
    return problem.inputs[kX].at(source(i / columns) * columns + i % columns);
  });
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, linear(), permuted), y0 = answer(subject, linear(), problem);
    for (std::int64_t m = 0; m < rows; ++m) RC_ASSERT(same_row(y, m, y0, source(m), rows));
  }
}

RC_GTEST_PROP(LinearProperties, NaNFillsItsRowAndNoOther, ()) {
  const auto [test_case, row] = draw_row(1);
  const std::int64_t rows = test_case.signature["M"], columns = test_case.signature["K"];
  const Problem problem = make_problem(test_case);
  Problem poisoned = problem;
  const std::int64_t k = *rc::gen::inRange<std::int64_t>(0, columns);
  poisoned.inputs[kX].set(row * columns + k, std::numeric_limits<double>::quiet_NaN());
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, linear(), poisoned), y0 = answer(subject, linear(), problem);
    const std::int64_t outputs = y.size() / rows;
    for (std::int64_t i = 0; i < y.size(); ++i) {
      if (i / outputs == row) RC_ASSERT(std::isnan(y.at(i)));
    }
    for (std::int64_t m = 0; m < rows; ++m) RC_ASSERT(m == row || same_row(y, m, y0, m, rows));
  }
}

// The constants of output n from `other`.
Problem with_output(Problem problem, const Problem& other, std::int64_t n) {
  const std::int64_t outputs = problem.signature["N"];
  problem.inputs[kWeights] = with_row(problem.inputs[kWeights], n, outputs, other.inputs[kWeights]);
  for (const Input input : {kScales, kBias}) {
    const Tensor& from = other.inputs[input];
    Tensor& to = problem.inputs[input];
    for (std::int64_t i = n; i < to.size(); i += outputs) to.set(i, from.at(i));
  }
  return problem;
}

RC_GTEST_PROP(LinearProperties, AnOutputDependsOnItsOwnWeightsAlone, ()) {
  const Case test_case = draw_case();
  const std::int64_t outputs = test_case.signature["N"], n = *rc::gen::inRange<std::int64_t>(0, outputs);
  const Problem problem = make_problem(test_case), all_other = other_problem(test_case);
  Problem other_weights = all_other;
  other_weights.inputs[kX] = problem.inputs[kX];
  const Problem one_other = with_output(problem, all_other, n);
  for (const Subject& subject : runnable("linear_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, linear(), one_other);
    const Tensor before = answer(subject, linear(), problem), after = answer(subject, linear(), other_weights);
    for (std::int64_t i = 0; i < y.size(); ++i) RC_ASSERT(y.at(i) == (i % outputs == n ? after : before).at(i));
  }
}

}  // namespace
}  // namespace plumb
