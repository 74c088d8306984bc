#include "runners/diagnosis/evidence.h"

#include <algorithm>
#include <cmath>

#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/error.h"
#include "runners/judge.h"

namespace plumb {
namespace {

bool is_open(double want, double bound, DType dtype) {
  return (std::isnan(want) && !info(dtype).is_float) || std::isinf(bound);
}

std::vector<double> bounds_of(const Question& question, const Contract& contract, const Expected& expected,
                              std::size_t output) {
  const bool bit_for_bit = question.exact && question.op->arithmetic != Arithmetic::prescribed;
  if (bit_for_bit) return std::vector<double>(expected.value.size(), 0);
  return bounds(*question.op, question.problem.signature, contract, expected, output);
}

}  // namespace

Evidence::Evidence(const Question& question, const Contract& contract, std::span<const Tensor> outputs,
                   std::byte poison)
    : question_(question), contract_(contract), outputs_(outputs), poison_(poison) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& got = outputs[i];
    std::vector<std::int64_t>& wrong = wrong_.emplace_back();
    std::vector<bool>& flags = is_wrong_.emplace_back(static_cast<std::size_t>(got.size()));
    if (!got.present()) continue;  // not recorded
    const Expected& expected = question.expected[i];
    const std::vector<double> bound = bounds_of(question, contract, expected, i);
    const std::vector<double> want = nearest_alternatives(expected, got);
    for (std::int64_t e = 0; e < got.size(); ++e) {
      const auto at = static_cast<std::size_t>(e);
      if (is_open(want[at], bound[at], got.dtype()) || acceptable(got.at(e), want[at], bound[at], got.dtype()))
        continue;
      wrong.push_back(e);
      flags[at] = true;
    }
    wrong_count_ += std::ssize(wrong);
  }
}

std::size_t Evidence::first_wrong_output() const {
  const auto found = std::ranges::find_if(wrong_, [](const auto& wrong) { return !wrong.empty(); });
  PLUMB_CHECK(found != wrong_.end());
  return static_cast<std::size_t>(found - wrong_.begin());
}

bool Evidence::is_unwritten(std::size_t output, std::int64_t flat) const {
  return holds_poison(outputs_[output], flat, poison_);
}

std::string Evidence::place() const {
  const std::size_t output = first_wrong_output();
  Where where(outputs_[output].shape(), axis_names(question_.op->outputs[output], question_.problem.signature));
  for (const std::int64_t flat : wrong_[output]) where.add(unravel(flat, outputs_[output].shape()));
  return where.describe();
}

std::optional<std::int64_t> Evidence::spared_by(const Answer& answer) const {
  std::int64_t spared = 0;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Tensor& got = outputs_[i];
    if (!got.present()) continue;
    if (answer[i].value.size() != question_.expected[i].value.size()) return std::nullopt;
    const std::vector<double> bound = bounds(*question_.op, question_.problem.signature, contract_, answer[i], i);
    const std::vector<double> want = nearest_alternatives(answer[i], got);
    const auto fits = [&](std::int64_t e) {
      const auto at = static_cast<std::size_t>(e);
      // An infinite bound explains nothing.
      return !std::isinf(bound[at]) && acceptable(got.at(e), want[at], bound[at], got.dtype());
    };
    if (!std::ranges::all_of(wrong_[i], fits)) return std::nullopt;
    for (std::int64_t e = 0; e < got.size(); ++e) {
      const auto at = static_cast<std::size_t>(e);
      const bool same = answer[i].value[at] == question_.expected[i].value[at];
      spared += !is_wrong_[i][at] && !same && !fits(e) ? 1 : 0;
    }
  }
  return spared;
}

}  // namespace plumb
