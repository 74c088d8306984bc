#include "runners/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "reference/error.h"
#include "reference/names.h"
#include "runners/black_box.h"
#include "runners/forbidden_calls.h"

namespace plumb {
namespace {

// More threads than this show nothing new, and cost time to start.
constexpr std::int64_t kMostThreads = 67;

bool always(const Op&) { return true; }

std::string thread_text(std::int64_t threads) { return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"); }

// Prepares, unless the implementation refuses the case for a reason of its own.
std::optional<Record> prepare(const Subject& subject, Execute& execute) {
  if (subject.impl->unavailable != nullptr) return Record(Outcome::skip, subject.impl->unavailable);
  std::string reason;
  const plumb_status supported = execute.supports(&reason);
  if (supported == PLUMB_UNSUPPORTED) return Record(Outcome::skip, reason);
  if (auto refusal = refused("supports", supported)) return refusal;
  return refused("prepare", execute.prepare());
}

// One call more. A status that is not OK ends the probe.
std::optional<Record> try_run(Execute& execute, int threads, const std::string& how, std::vector<Trial>& trials) {
  const std::byte poison = kPoisons[trials.size() % std::size(kPoisons)];
  trials.push_back({execute.run(threads, poison), poison, how});
  return refused("run " + how, trials.back().execution.status);
}

// Each number of threads twice: the same call gives the same, again and with others.
Record judge_threads(const Subject& subject, const Question& question, const Case&) {
  const std::vector<Form> forms = output_forms(*question.op, question.problem.signature);
  Execute execute(*subject.impl, *question.op, question.problem, forms, kAtEnd);
  if (auto refusal = prepare(subject, execute)) return *refusal;
  std::int64_t elements = 1;
  for (const Form& form : forms) elements = std::max(elements, element_count(form.shape));
  std::vector<Trial> trials;
  // As many tiles as elements there cannot be more of.
  for (const std::int64_t threads :
       {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::min(elements + 1, kMostThreads)}) {
    for (const char* again : {"", ", again"}) {
      const std::string how = "with " + thread_text(threads) + again;
      if (auto refusal = try_run(execute, static_cast<int>(threads), how, trials)) return *refusal;
    }
  }
  return judge_trials(question, contract_for(*question.op, *subject.impl), trials);
}

// Tensors that are aligned to their elements and to nothing more, at some distances from what vectors like.
Record judge_alignment(const Subject& subject, const Question& question, const Case&) {
  const std::vector<Form> forms = output_forms(*question.op, question.problem.signature);
  std::vector<Trial> trials;
  for (const std::size_t shift : {0U, 1U, 3U, 7U, 17U}) {
    for (const bool at_end : {false, true}) {
      const std::string how = fmt::format("{} elements {} a page", shift, at_end ? "before the end of" : "into");
      const Attempt attempt("tensors " + how);
      Execute execute(*subject.impl, *question.op, question.problem, forms, {at_end, shift});
      if (auto refusal = prepare(subject, execute)) return *refusal;
      if (auto refusal = try_run(execute, 2, "with tensors " + how, trials)) return *refusal;
    }
  }
  return judge_trials(question, contract_for(*question.op, *subject.impl), trials);
}

bool has_free_size(const Op& op) { return op.has_constants() && !free_size(op).empty(); }

// The case with another value of the free size, its own activations, and the constants of `constants`.
std::optional<Question> with_size(const Case& test_case, const Problem& constants, std::int64_t value) {
  const Op& op = *test_case.op;
  Sizes sizes = test_case.signature.values;
  sizes[free_size(op)] = value;
  if (!is_legal(op, sizes)) return std::nullopt;
  const Case other{&op, make_signature(op, sizes), test_case.mode, test_case.seed + static_cast<std::uint64_t>(value)};
  Question question{&op, make_problem(other), {}, test_case.mode->exact()};
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i].role == Role::constant) question.problem.inputs[i] = constants.inputs[i];
  }
  question.expected = op.evaluate(question.problem);
  return question;
}

// Few rows, many rows, and few again on one prepared weight; and again after another weight was prepared, used and
// freed beside it.
Record judge_sequence(const Subject& subject, const Question& question, const Case& test_case) {
  const Op& op = *question.op;
  const std::optional<Question> few = with_size(test_case, question.problem, 1);
  const std::optional<Question> many = with_size(test_case, question.problem, 32);
  if (!few || !many) return Record(Outcome::skip, "the operator forbids 1 or 32 of " + free_size(op));
  const Case foreign_case{&op, few->problem.signature, test_case.mode, test_case.seed + 1000};
  const Question foreign = ask(foreign_case);
  const auto forms = [&](const Question& q) { return output_forms(op, q.problem.signature); };
  const Contract contract = contract_for(op, *subject.impl);

  Execute first(*subject.impl, op, few->problem, forms(*few), kAtEnd);
  if (auto refusal = prepare(subject, first)) return *refusal;
  std::vector<Trial> of_few, of_many, of_foreign;
  if (auto refusal = try_run(first, 1, "at first", of_few)) return *refusal;
  Execute second(first, many->problem, forms(*many));
  if (auto refusal = try_run(second, 2, "with many rows", of_many)) return *refusal;
  if (auto refusal = try_run(first, 2, "after a call with many rows", of_few)) return *refusal;
  {
    Execute other(*subject.impl, op, foreign.problem, forms(foreign), kAtStart);
    if (auto refusal = prepare(subject, other)) return *refusal;
    if (auto refusal = try_run(other, 1, "with another weight", of_foreign)) return *refusal;
    if (auto refusal = try_run(first, 1, "beside another weight", of_few)) return *refusal;
  }
  if (auto refusal = try_run(first, 1, "after another weight was freed", of_few)) return *refusal;
  Record verdict = judge_trials(*few, contract, of_few);
  for (const auto& [name, asked, trials] : {std::tuple{"many rows on the same weight", &*many, &of_many},
                                            std::tuple{"another weight beside it", &foreign, &of_foreign}}) {
    if (is_wrong(verdict.outcome)) break;
    Record record = judge_trials(*asked, contract, *trials);
    if (!is_wrong(record.outcome)) continue;
    record.reason = fmt::format("{}: {}", name, record.reason);
    verdict = std::move(record);
  }
  return verdict;
}

// Every call that can be made illegal out of this one gives a status, and leaves the outputs as they were.
Record judge_arguments(const Subject& subject, const Question& question, const Case&) {
  const Op& op = *question.op;
  {
    Execute legal(*subject.impl, op, question.problem, output_forms(op, question.problem.signature));
    if (auto refusal = prepare(subject, legal)) return *refusal;
  }
  Record all(Outcome::pass, "");
  for (const auto& [what, problem] : forbidden_calls(op, question.problem)) {
    const Attempt attempt("a forbidden " + what);
    const Record record = judge_refusal(subject, op, problem);
    if (record.outcome != Outcome::pass) return Record(record.outcome, fmt::format("{}: {}", what, record.reason));
    ++all.elements;
  }
  if (all.elements == 0) return Record(Outcome::vacuous, "no call that the operator forbids was found");
  return all;
}

constexpr std::array<Probe, 4> kProbes = {{
    {"threads", "1, 2, 3 threads and more than there are tiles, each twice", always, judge_threads},
    {"alignment", "tensors aligned to their elements alone, or to pages, or between", always, judge_alignment},
    {"sequence", "1, 32 and 1 rows on one prepared weight, and another weight beside it", has_free_size,
     judge_sequence},
    {"arguments", "calls that the operator forbids give a status and leave outputs alone", always, judge_arguments},
}};

}  // namespace

std::span<const Probe> all_probes() { return kProbes; }

const Probe& probe_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Probe& probe : kProbes) {
    if (probe.name == name) return probe;
    known.emplace_back(probe.name);
  }
  throw Error(fmt::format("probe '{}' is unknown; nearest: {}", name, nearest_names(std::string(name), known)));
}

std::string free_size(const Op& op) {
  const auto names = [](const std::string& formulas, const std::string& size) {
    // A size is a whole word of a formula.
    for (std::size_t at = formulas.find(size); at != std::string::npos; at = formulas.find(size, at + 1)) {
      const auto is_letter = [&](std::size_t i) {
        return i < formulas.size() &&
               (std::isalnum(static_cast<unsigned char>(formulas[i])) != 0 || formulas[i] == '_');
      };
      if (!(at > 0 && is_letter(at - 1)) && !is_letter(at + size.size())) return true;
    }
    return false;
  };
  for (const Size& size : op.sizes) {
    const bool of_constants = std::ranges::any_of(op.inputs, [&](const Port& port) {
      return port.role == Role::constant && names(port.shape + " " + port.low + " " + port.high, size.name);
    });
    const bool of_others = std::ranges::any_of(
        op.inputs, [&](const Port& port) { return port.role == Role::activation && names(port.shape, size.name); });
    if (!of_constants && of_others) return size.name;
  }
  return "";
}

}  // namespace plumb
