// Affine quantisation and its kin: every implementation gives the oracle's bits, or an outcome that the oracle admits,
// also for what no data mode makes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/ops.h"

namespace plumb {
namespace {

const char* const kOps[] = {"choose_qparams_affine",   "quantize_affine",   "dequantize_affine",
                            "choose_qparams_tinygemm", "quantize_tinygemm", "dequantize_tinygemm",
                            "quantize_plain_int4",     "quantize_hqq",      "quantize_hqq_scale_only"};

void expect_oracle(const Op& op, Problem problem) {
  Question question{&op, std::move(problem), {}, true, {}, true};
  question.expected = op.evaluate(question.problem);
  for (const Subject& subject : runnable(op.name)) {
    const Record record = judge_subject(subject, question);
    RC_LOG(subject.impl->name);
    RC_LOG(record.reason);
    RC_ASSERT(record.outcome == Outcome::pass || record.unjudged == record.elements);
  }
}

RC_GTEST_PROP(AffineProperties, EveryImplementationGivesTheOraclesBits, ()) {
  const Op& op = op_named(*rc::gen::elementOf(std::vector<std::string>(std::begin(kOps), std::end(kOps))));
  const Case test_case = *arbitrary_case(op);
  expect_oracle(op, make_problem(test_case));
}

// NaN, infinities and zeros of both signs among the values, which blocks must not let out.
RC_GTEST_PROP(AffineProperties, SpecialValuesStayInTheirBlock, ()) {
  const std::vector<std::string> ops = {"choose_qparams_affine",  "quantize_affine",     "choose_qparams_tinygemm",
                                        "quantize_tinygemm",      "quantize_plain_int4", "quantize_hqq",
                                        "quantize_hqq_scale_only"};
  const Op& op = op_named(*rc::gen::elementOf(ops));
  Problem problem = make_problem(*arbitrary_case(op));
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto special = rc::gen::element(std::nan(""), kInfinity, -kInfinity, 0.0, -0.0);
  Tensor& x = problem.inputs[0];
  RC_PRE(x.size() > 0);
  for (int i = 0; i < 3; ++i) x.set(*rc::gen::inRange<std::int64_t>(0, x.size()), *special);
  expect_oracle(op, std::move(problem));
}

}  // namespace
}  // namespace plumb
