// What every implementation of embedding_q4gsw must satisfy, whatever the oracle says: a looked-up row depends on its
// own row of the table alone, wherever and among whatever others it is looked up.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "property_tests/rows.h"
#include "reference/ops.h"

namespace plumb {
namespace {

enum Input : std::size_t { kWeight, kScales, kIndices };

const Op& embedding() { return op_named("embedding_q4gsw"); }

Case draw_case() { return *arbitrary_case(embedding()); }

std::int64_t index_at(const Problem& problem, std::int64_t m) {
  return static_cast<std::int64_t>(problem.inputs[kIndices].at(m));
}

// Only index m is looked up.
Problem single(const Problem& problem, std::int64_t m) {
  Sizes sizes = problem.signature.values;
  sizes["M"] = 1;
  sizes["lead"] = 1;
  Problem result{make_signature(embedding(), sizes), problem.inputs};
  result.inputs[kIndices] = Tensor(problem.inputs[kIndices].dtype(), {1});
  result.inputs[kIndices].set(0, problem.inputs[kIndices].at(m));
  return result;
}

RC_GTEST_PROP(EmbeddingProperties, ALookupDoesNotDependOnTheOthers, ()) {
  const Case test_case = draw_case();
  const std::int64_t rows = test_case.signature["M"];
  RC_PRE(rows >= 1);
  const std::int64_t m = *rc::gen::inRange<std::int64_t>(0, rows);
  const Problem problem = make_problem(test_case), alone = single(problem, m);
  for (const Subject& subject : runnable("embedding_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, embedding(), problem), y0 = answer(subject, embedding(), alone);
    RC_ASSERT(std::ranges::equal(row_of(y, m, rows), y0.bytes()));
  }
}

RC_GTEST_PROP(EmbeddingProperties, PermutingIndicesPermutesResults, ()) {
  const Case test_case = draw_case();
  const std::int64_t rows = test_case.signature["M"];
  RC_PRE(rows >= 2);
  const std::int64_t shift = *rc::gen::inRange<std::int64_t>(0, rows);
  const Problem problem = make_problem(test_case);
  Problem permuted = problem;
  const auto source = [&](std::int64_t m) { return rows - 1 - (m + shift) % rows; };
  for (std::int64_t m = 0; m < rows; ++m) permuted.inputs[kIndices].set(m, problem.inputs[kIndices].at(source(m)));
  for (const Subject& subject : runnable("embedding_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, embedding(), permuted), y0 = answer(subject, embedding(), problem);
    for (std::int64_t m = 0; m < rows; ++m) RC_ASSERT(same_row(y, m, y0, source(m), rows));
  }
}

RC_GTEST_PROP(EmbeddingProperties, ALookupDependsOnItsOwnRowAlone, ()) {
  Case test_case = draw_case();
  const std::int64_t rows = test_case.signature["M"], table_rows = test_case.signature["N"];
  RC_PRE(rows >= 1);
  const std::int64_t replaced = *rc::gen::inRange<std::int64_t>(0, table_rows);
  const Problem problem = make_problem(test_case);
  test_case.seed ^= 1;
  Problem other = make_problem(test_case), mixed = problem;
  other.inputs[kIndices] = problem.inputs[kIndices];
  for (const Input input : {kWeight, kScales}) {
    mixed.inputs[input] = with_row(problem.inputs[input], replaced, table_rows, other.inputs[input]);
  }
  for (const Subject& subject : runnable("embedding_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, embedding(), mixed);
    const Tensor before = answer(subject, embedding(), problem), after = answer(subject, embedding(), other);
    for (std::int64_t m = 0; m < rows; ++m) {
      RC_ASSERT(same_row(y, m, index_at(problem, m) == replaced ? after : before, m, rows));
    }
  }
}

RC_GTEST_PROP(EmbeddingProperties, IsHomogeneousInTheScales, ()) {
  const Problem problem = make_problem(draw_case());
  Problem scaled = problem;
  const int exponent = *rc::gen::inRange(0, 5);
  Tensor& scales = scaled.inputs[kScales];
  for (std::int64_t i = 0; i < scales.size(); ++i) scales.set(i, std::ldexp(scales.at(i), exponent));
  for (const Subject& subject : runnable("embedding_q4gsw")) {
    RC_LOG(subject.impl->name);
    const Tensor y = answer(subject, embedding(), scaled), y0 = answer(subject, embedding(), problem);
    for (std::int64_t i = 0; i < y.size(); ++i) RC_ASSERT(y.at(i) == std::ldexp(y0.at(i), exponent));
  }
}

}  // namespace
}  // namespace plumb
