#include "runners/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/error.h"
#include "reference/names.h"
#include "runners/diagnose.h"
#include "runners/judge.h"

namespace plumb {
namespace {

constexpr int kOneThread = 1, kSomeThreads = 3;
constexpr std::size_t kUsualCalls = 3;  // of judge_subject at most; a probe makes more, each in its own way

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

std::vector<std::string> all_violations(const std::vector<Trial>& trials) {
  std::set<std::string> violations;
  for (const Trial& trial : trials)
    violations.insert(trial.execution.violations.begin(), trial.execution.violations.end());
  return {violations.begin(), violations.end()};
}

std::optional<std::string> differing_bits(const std::vector<Trial>& trials) {
  for (const Trial& trial : trials) {
    if (same_outputs(trial.execution, trials.front().execution)) continue;
    return fmt::format("other bits {} than {}, though the contract says deterministic", trial.how, trials.front().how);
  }
  return std::nullopt;
}

bool is_untouched(const Tensor& output) {
  return std::ranges::all_of(output.bytes(), [](std::byte byte) { return byte == kPoisons[0]; });
}

}  // namespace

std::optional<Record> refused(std::string_view function, plumb_status status) {
  if (status == PLUMB_OK) return std::nullopt;
  if (status == PLUMB_UNSUPPORTED) return Record(Outcome::skip, fmt::format("{} says unsupported", function));
  return Record(Outcome::fail, fmt::format("{} returned '{}' for a legal call", function, to_string(status)));
}

Contract contract_for(const Op& op, const plumb_impl& impl) {
  return op.arithmetic == Arithmetic::prescribed ? Contract{} : contract_of(impl);
}

// Worst first: what makes a result unusable outranks a wrong element.
Record judge_trials(const Question& question, const Contract& contract, const std::vector<Trial>& trials) {
  Judgement judgement;
  std::string which;
  for (const Trial& trial : trials) {
    // What has the bits of the first, which was right, is right.
    if (&trial != &trials.front() && same_outputs(trial.execution, trials.front().execution)) continue;
    judgement = judge_outputs(question, contract, trial.execution, trial.poison);
    if (judgement.wrong == 0) continue;
    if (trials.size() > kUsualCalls) {
      which = " (" + trial.how + ")";
    } else if (&trial != &trials.front()) {
      which = "; only " + trial.how + ", other bytes in the output beforehand" +
              (&trial == &trials[1] ? " and tensors placed elsewhere" : "");
    }
    break;
  }
  Record record = Record(Outcome::pass, "");
  if (const auto violations = all_violations(trials); !violations.empty()) {
    record = Record(Outcome::fail, fmt::format("{}", fmt::join(violations, "; ")));
  } else if (judgement.wrong > 0) {
    record = Record(Outcome::fail, describe(judgement) + which);
  } else if (differs_from_recorded(question, trials.front().execution)) {
    record = Record(Outcome::fail, "differs in bits from upstream's recorded output, which is within the bound");
  } else if (const auto differing = differing_bits(trials); contract.deterministic && differing) {
    record = Record(Outcome::flaky, *differing);
  } else if (judgement.elements == 0 && !question.may_be_empty) {
    record = Record(Outcome::vacuous, "the output has no elements");
  } else if (question.vouch && question.vouch->input.empty() && question.op->arithmetic != Arithmetic::prescribed) {
    record = Record(Outcome::vacuous, "no output depends on any input: whatever it read, it would pass");
  } else if (judgement.elements > 0 && !judgement.proved()) {
    record = Record(Outcome::vacuous,
                    "no element could be judged: intermediates may overflow, or the contract's "
                    "chain of roundings promises nothing");
  }
  add_judgement(record, judgement);
  const Vouch vouch = question.vouch.value_or(Vouch{});
  record.vouches_for = vouch.input;
  record.changed_input = vouch.asked;
  record.elements_changed = vouch.changed;
  record.elements_shown = vouch.shown;
  return record;
}

Question ask(const Case& test_case) {
  Question question{test_case.op, make_problem(test_case), {}, test_case.mode->exact()};
  question.expected = test_case.op->evaluate(question.problem);
  return question;
}

Record judge_subject(const Subject& subject, const Question& question, Diagnosis diagnosis) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  const Op& op = *question.op;
  const Contract contract = contract_for(op, impl);
  const std::vector<Form> forms = output_forms(op, question.problem.signature);
  // What is read or written beyond the end of a tensor shows in the first execution, and before its start in the
  // second. Who shares work out among threads may go too far with several of them only: that shows in the third. It
  // costs as much as the others, and so is for exact data alone, which all shapes are tried with.
  Execute execute(impl, op, question.problem, forms, kAtEnd);
  std::string reason;
  const plumb_status supported = execute.supports(&reason);
  if (supported == PLUMB_UNSUPPORTED) return Record(Outcome::skip, reason);
  if (const auto refusal = refused("supports", supported)) return *refusal;
  const auto start = std::chrono::steady_clock::now();
  if (const auto refusal = refused("prepare", execute.prepare())) return *refusal;
  std::vector<Trial> trials = {{execute.run(kOneThread, kPoisons[0]), kPoisons[0], "with 1 thread"}};
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  if (const auto refusal = refused("run", trials[0].execution.status)) return *refusal;
  Execute anew(impl, op, question.problem, forms, kAtStart);
  if (const auto refusal = refused("the second prepare", anew.prepare())) return *refusal;
  trials.push_back({anew.run(kSomeThreads, kPoisons[1]), kPoisons[1], "with 3 threads"});
  if (const auto refusal = refused("the second run", trials[1].execution.status)) return *refusal;
  if (question.exact) {
    Execute third(execute, question.problem, forms);
    trials.push_back({third.run(kSomeThreads, kPoisons[1]), kPoisons[1], "with 3 threads at the end of pages"});
    if (const auto refusal = refused("the third run", trials[2].execution.status)) return *refusal;
  }

  Record record = judge_trials(question, contract, trials);
  record.milliseconds = elapsed.count();
  if (diagnosis == Diagnosis::sought && record.outcome == Outcome::fail && record.wrong >= kLeastEvidence) {
    const Trial& wrong = *std::ranges::find_if(trials, [&](const Trial& trial) {
      return judge_outputs(question, contract, trial.execution, trial.poison).wrong > 0;
    });
    record.heat = heat_of(question, contract, wrong.execution.outputs);
    record.diagnosis = diagnose(question, contract, wrong.execution.outputs, wrong.poison);
  }
  return record;
}

Record judge_refusal(const Subject& subject, const Op& op, const Problem& illegal) {
  const plumb_impl& impl = *subject.impl;
  if (impl.unavailable != nullptr) return Record(Outcome::skip, impl.unavailable);
  std::vector<Offer> offers;
  for (const Tensor& input : illegal.inputs) offers.push_back(offer_of(input));
  Execute execute(impl, op, illegal, plausible_output_forms(op, offers, illegal.signature.values), kAtEnd);
  std::string ignored;
  plumb_status status = execute.supports(&ignored);
  if (status == PLUMB_OK) status = execute.prepare();
  if (status == PLUMB_OK) {
    const Execution execution = execute.run(kOneThread, kPoisons[0]);
    status = execution.status;
    if (!std::ranges::all_of(execution.outputs, is_untouched))
      return Record(Outcome::fail, "wrote to the output of a call that it should refuse");
    if (!execution.violations.empty()) return Record(Outcome::fail, execution.violations[0]);
  }
  if (status == PLUMB_BAD_ARGUMENT || status == PLUMB_UNSUPPORTED) return Record(Outcome::pass, "");
  return Record(Outcome::fail, fmt::format("returned '{}' for a call that the operator forbids; expected '{}'",
                                           to_string(status), to_string(PLUMB_BAD_ARGUMENT)));
}

std::string repeat_command(const Subject& subject, const std::string& case_name) {
  const std::string library = subject.library.empty() ? "" : shell_quoted(subject.library) + " ";
  return fmt::format("plumb check {}{} --impl {}", library, shell_quoted(case_name), shell_quoted(subject.impl->name));
}

}  // namespace plumb
