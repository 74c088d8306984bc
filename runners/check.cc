#include "runners/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "reference/bound.h"
#include "reference/error.h"
#include "runners/execute.h"
#include "runners/judge.h"

namespace plumb {
namespace {

// Two poisons, so that an element that is right by chance in one run is not in the other.
constexpr std::byte kFirstPoison{0xFF}, kSecondPoison{0x5A};
constexpr int kFirstThreads = 1, kSecondThreads = 3;

std::optional<Record> refused(const char* function, plumb_status status) {
  if (status == PLUMB_OK) return std::nullopt;
  if (status == PLUMB_UNSUPPORTED) return Record(Outcome::skip, fmt::format("{} says unsupported", function));
  return Record(Outcome::fail, fmt::format("{} returned '{}' for a legal call", function, to_string(status)));
}

void add_judgement(Record& record, const Judgement& judgement) {
  record.elements = judgement.elements;
  record.wrong = judgement.wrong;
  record.unwritten = judgement.unwritten;
  record.unjudged = judgement.unjudged;
  record.worst = judgement.worst;
}

// Worst first: what makes a result unusable outranks a wrong element.
Record verdict(const Question& question, const Contract& contract, const Execution& first, const Execution& second,
               const Judgement& judgement) {
  std::vector<std::string> violations = first.violations;
  violations.insert(violations.end(), second.violations.begin(), second.violations.end());
  std::ranges::sort(violations);
  violations.erase(std::ranges::unique(violations).begin(), violations.end());
  Record record = Record(Outcome::pass, "");
  if (!violations.empty()) {
    record = Record(Outcome::fail, fmt::format("{}", fmt::join(violations, "; ")));
  } else if (judgement.wrong > 0) {
    record = Record(Outcome::fail, describe(judgement));
  } else if (question.recorded && !same_bits(first.output, *question.recorded)) {
    record = Record(Outcome::fail, "differs in bits from upstream's recorded output, which is within the bound");
  } else if (contract.deterministic && !same_bits(first.output, second.output)) {
    record = Record(Outcome::flaky, fmt::format("other bits with {} threads than with {}, though the contract says "
                                                "deterministic",
                                                kSecondThreads, kFirstThreads));
  } else if (judgement.elements > 0 && !judgement.proved()) {
    record = Record(Outcome::vacuous,
                    "no element could be judged: intermediates may overflow, or the contract's "
                    "chain of roundings promises nothing");
  }
  add_judgement(record, judgement);
  return record;
}

}  // namespace

Question ask(const Case& test_case) {
  Question question{test_case.op, make_problem(test_case), {}, test_case.mode->exact(), std::nullopt};
  question.expected = test_case.op->evaluate(question.problem);
  return question;
}

Record judge_subject(const Subject& subject, const Question& question) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  const Op& op = *question.op;
  const Signature& signature = question.problem.signature;
  const Contract contract = contract_of(impl);
  Execute execute(impl, op, question.problem, dtype_of(op.output, op, signature), shape_of(op.output, signature));

  std::string reason;
  if (execute.supports(&reason) != PLUMB_OK) return Record(Outcome::skip, reason);
  const auto start = std::chrono::steady_clock::now();
  if (const auto refusal = refused("prepare", execute.prepare())) return *refusal;
  const Execution first = execute.run(kFirstThreads, kFirstPoison);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  if (const auto refusal = refused("run", first.status)) return *refusal;
  const Execution second = execute.run(kSecondThreads, kSecondPoison);
  if (const auto refusal = refused("the second run", second.status)) return *refusal;

  const std::vector<double> bound = question.exact ? std::vector<double>(question.expected.value.size(), 0)
                                                   : bounds(op, signature, contract, question.expected);
  Judgement judgement = judge(op.output, signature, first.output, question.expected.value, bound, kFirstPoison);
  if (judgement.wrong == 0) {
    judgement = judge(op.output, signature, second.output, question.expected.value, bound, kSecondPoison);
  }
  Record record = verdict(question, contract, first, second, judgement);
  record.milliseconds = elapsed.count();
  return record;
}

Record judge_refusal(const Subject& subject, const Op& op, const Problem& illegal) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  std::vector<Offer> offers;
  for (const Tensor& input : illegal.inputs) offers.push_back(offer_of(input));
  const DType dtype = op.param(op.output.dtype) == nullptr ? dtype_from_string(op.output.dtype) : DType::f32;
  Execute execute(impl, op, illegal, dtype, plausible_output_shape(op, offers, illegal.signature.values));
  plumb_status status = execute.prepare();
  if (status == PLUMB_OK) {
    const Execution execution = execute.run(kFirstThreads, kFirstPoison);
    status = execution.status;
    const bool untouched = std::ranges::all_of(execution.output.bytes(), [](auto b) { return b == kFirstPoison; });
    if (!untouched) return Record(Outcome::fail, "wrote to the output of a call that it should refuse");
    if (!execution.violations.empty()) return Record(Outcome::fail, execution.violations[0]);
  }
  if (status == PLUMB_BAD_ARGUMENT) return Record(Outcome::pass, "");
  return Record(Outcome::fail, fmt::format("returned '{}' for a call that the operator forbids; expected '{}'",
                                           to_string(status), to_string(PLUMB_BAD_ARGUMENT)));
}

std::string repeat_command(const Subject& subject, const std::string& case_name) {
  const std::string library = subject.library.empty() ? "" : fmt::format("'{}' ", subject.library);
  return fmt::format("plumb check {}'{}' --impl {}", library, case_name, subject.impl->name);
}

}  // namespace plumb
