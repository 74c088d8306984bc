#include "runners/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/error.h"
#include "reference/names.h"
#include "runners/diagnose.h"
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

bool same_outputs(const Execution& a, const Execution& b) {
  return std::ranges::equal(a.outputs, b.outputs, [](const Tensor& x, const Tensor& y) { return same_bits(x, y); });
}

bool differs_from_recorded(const Question& question, const Execution& execution) {
  return std::ranges::any_of(question.recorded, [&](const auto& recorded) {
    return !same_bits(execution.outputs[recorded.first], recorded.second, question.expected[recorded.first].value);
  });
}

Judgement judge_outputs(const Question& question, const Contract& contract, const Execution& execution,
                        std::byte poison) {
  const Op& op = *question.op;
  const Signature& signature = question.problem.signature;
  Judgement judgement;
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    const Expected& expected = question.expected[i];
    const bool bit_for_bit = question.exact && op.arithmetic != Arithmetic::prescribed;
    const std::vector<double> bound =
        bit_for_bit ? std::vector<double>(expected.value.size(), 0) : bounds(op, signature, contract, expected, i);
    const std::vector<double> want = nearest_alternatives(expected, execution.outputs[i]);
    judgement.add(judge(op.outputs[i], signature, execution.outputs[i], want, bound, poison));
  }
  return judgement;
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
  } else if (differs_from_recorded(question, first)) {
    record = Record(Outcome::fail, "differs in bits from upstream's recorded output, which is within the bound");
  } else if (contract.deterministic && !same_outputs(first, second)) {
    record = Record(Outcome::flaky, fmt::format("other bits with {} threads than with {}, though the contract says "
                                                "deterministic",
                                                kSecondThreads, kFirstThreads));
  } else if (judgement.elements == 0 && !question.may_be_empty) {
    record = Record(Outcome::vacuous, "the output has no elements");
  } else if (judgement.elements > 0 && !judgement.proved()) {
    record = Record(Outcome::vacuous,
                    "no element could be judged: intermediates may overflow, or the contract's "
                    "chain of roundings promises nothing");
  }
  add_judgement(record, judgement);
  return record;
}

bool is_untouched(const Tensor& output) {
  return std::ranges::all_of(output.bytes(), [](std::byte byte) { return byte == kFirstPoison; });
}

}  // namespace

Question ask(const Case& test_case) {
  Question question{test_case.op, make_problem(test_case), {}, test_case.mode->exact()};
  question.expected = test_case.op->evaluate(question.problem);
  return question;
}

Record judge_subject(const Subject& subject, const Question& question, Diagnosis diagnosis) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  const Op& op = *question.op;
  // Where every bit is prescribed there is nothing to promise.
  const Contract contract = op.arithmetic == Arithmetic::prescribed ? Contract{} : contract_of(impl);
  Execute execute(impl, op, question.problem, output_forms(op, question.problem.signature));

  std::string reason;
  const plumb_status supported = execute.supports(&reason);
  if (supported == PLUMB_UNSUPPORTED) return Record(Outcome::skip, reason);
  if (const auto refusal = refused("supports", supported)) return *refusal;
  const auto start = std::chrono::steady_clock::now();
  if (const auto refusal = refused("prepare", execute.prepare())) return *refusal;
  const Execution first = execute.run(kFirstThreads, kFirstPoison);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  if (const auto refusal = refused("run", first.status)) return *refusal;
  const Execution second = execute.run(kSecondThreads, kSecondPoison);
  if (const auto refusal = refused("the second run", second.status)) return *refusal;

  Judgement judgement = judge_outputs(question, contract, first, kFirstPoison);
  const bool first_is_wrong = judgement.wrong > 0;
  if (!first_is_wrong) judgement = judge_outputs(question, contract, second, kSecondPoison);
  Record record = verdict(question, contract, first, second, judgement);
  if (!first_is_wrong && judgement.wrong > 0 && record.reason == describe(judgement)) {
    record.reason += fmt::format("; only with {} threads and other bytes in the output beforehand", kSecondThreads);
  }
  record.milliseconds = elapsed.count();
  if (diagnosis == Diagnosis::sought && record.outcome == Outcome::fail && judgement.wrong >= kLeastEvidence) {
    record.heat = heat_of(question, contract, (first_is_wrong ? first : second).outputs);
    record.diagnosis = diagnose(question, contract, (first_is_wrong ? first : second).outputs,
                                first_is_wrong ? kFirstPoison : kSecondPoison);
  }
  return record;
}

Record judge_refusal(const Subject& subject, const Op& op, const Problem& illegal) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  std::vector<Offer> offers;
  for (const Tensor& input : illegal.inputs) offers.push_back(offer_of(input));
  Execute execute(impl, op, illegal, plausible_output_forms(op, offers, illegal.signature.values));
  plumb_status status = execute.prepare();
  if (status == PLUMB_OK) {
    const Execution execution = execute.run(kFirstThreads, kFirstPoison);
    status = execution.status;
    if (!std::ranges::all_of(execution.outputs, is_untouched))
      return Record(Outcome::fail, "wrote to the output of a call that it should refuse");
    if (!execution.violations.empty()) return Record(Outcome::fail, execution.violations[0]);
  }
  if (status == PLUMB_BAD_ARGUMENT) return Record(Outcome::pass, "");
  return Record(Outcome::fail, fmt::format("returned '{}' for a call that the operator forbids; expected '{}'",
                                           to_string(status), to_string(PLUMB_BAD_ARGUMENT)));
}

std::string repeat_command(const Subject& subject, const std::string& case_name) {
  const std::string library = subject.library.empty() ? "" : shell_quoted(subject.library) + " ";
  return fmt::format("plumb check {}{} --impl {}", library, shell_quoted(case_name), shell_quoted(subject.impl->name));
}

}  // namespace plumb
