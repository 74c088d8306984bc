#include "runners/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "golden/golden.h"
#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/error.h"
#include "reference/names.h"
#include "reference/ops.h"
#include "runners/diagnose.h"
#include "runners/golden_bindings.h"
#include "runners/golden_bindings/no_operators.h"
#include "runners/judge.h"

namespace plumb {
namespace {

const char* const kUpstream = "upstream";

Tensor tensor_of(const golden::Array& array) {
  return {dtype_from_string(array.dtype == "bool" ? "u8" : array.dtype), array.shape, array.bytes};
}

double number_of(const golden::Attribute& attribute) {
  if (const auto* integer = std::get_if<std::int64_t>(&attribute)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&attribute)) return *real;
  return 0;
}

std::string text_attribute(const golden::Case& recorded, const std::string& name) {
  const auto found = recorded.attributes.find(name);
  if (found == recorded.attributes.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? "" : *text;
}

// Upstream refused these inputs: recorded as status "error" or outcome "raised", with its message.
bool was_refused(const golden::Case& recorded) {
  return text_attribute(recorded, "status") == "error" || text_attribute(recorded, "outcome") == "raised";
}

std::string refusal_text(const golden::Case& recorded) {
  const std::string text = text_attribute(recorded, "error_text");
  return text.empty() ? text_attribute(recorded, "error") : text;
}

// A recorded case in the operator's terms.
struct Translated {
  const Op* op;
  const GoldenBinding* binding;
  Sizes params;
  std::vector<Tensor> inputs;
  std::map<std::size_t, const golden::Array*> outputs;  // by their place in the operator; those that were recorded
};

std::int64_t param_value(const Op& op, const std::string& name, const golden::Attribute& attribute) {
  const Param* param = op.param(name);
  const auto* word = std::get_if<std::string>(&attribute);
  if (param != nullptr && param->kind == Param::Kind::choice && word != nullptr) return param->parse(*word);
  return static_cast<std::int64_t>(number_of(attribute));
}

Translated translate(const golden::Case& recorded, const GoldenBinding& binding, const std::string& where) {
  Translated result{&op_named(binding.op), &binding, binding.fixed, {}, {}};
  for (const auto& [attribute, param] : binding.attributes) {
    const auto found = recorded.attributes.find(attribute);
    if (found == recorded.attributes.end()) throw Error(fmt::format("{}: attribute '{}' is missing", where, attribute));
    result.params[param] = param_value(*result.op, param, found->second);
  }
  for (const Port& port : result.op->inputs) {
    const auto rename = std::ranges::find(binding.inputs, port.name, &GoldenBinding::Renames::value_type::second);
    PLUMB_CHECK(rename != binding.inputs.end());
    const golden::Array* array = find_array(recorded.inputs, rename->first);
    result.inputs.push_back(array == nullptr ? Tensor() : tensor_of(*array));
  }
  for (const auto& [dataset, port] : binding.outputs) {
    const auto place = std::ranges::find(result.op->outputs, port, &Port::name);
    PLUMB_CHECK(place != result.op->outputs.end());
    const golden::Array* array = find_array(recorded.outputs, dataset);
    if (array != nullptr) result.outputs[static_cast<std::size_t>(place - result.op->outputs.begin())] = array;
  }
  for (const auto& [dataset, param] : binding.output_dtypes) {
    const golden::Array* array = find_array(recorded.outputs, dataset);
    if (array != nullptr) result.params[param] = static_cast<std::int64_t>(tensor_of(*array).dtype());
  }
  if (binding.adapt) binding.adapt(recorded, result.params);
  return result;
}

Signature signature_of(const Translated& translated) {
  std::vector<Offer> offers;
  for (const Tensor& input : translated.inputs) offers.push_back(offer_of(input));
  const Signature signature = infer_signature(*translated.op, offers, translated.params);
  check_values(*translated.op, {signature, translated.inputs});
  return signature;
}

// A replayed case: the question for our implementations, and what upstream answered.
struct Replay {
  Question question;
  struct Output {
    std::vector<double> bound;
    Tensor recorded;
  };
  std::map<std::size_t, Output> outputs;  // what upstream answered, and how far it may be off
  Contract contract;
  bool defect;
};

// Whether the record says of its own outputs that it is wrong: explicitly, or by an error against upstream's own f64
// reference that no rounding allowed by its contract can explain.
bool says_wrong(const golden::Case& recorded, const std::map<std::size_t, Replay::Output>& outputs) {
  double largest_bound = 0;
  for (const auto& [place, output] : outputs) {
    for (const double b : output.bound) largest_bound = std::isfinite(b) ? std::max(largest_bound, b) : largest_bound;
  }
  for (const auto& [name, value] : recorded.attributes) {
    if ((name == "wrong" || name.starts_with("wrong_")) && number_of(value) == 1) return true;
    if ((name == "max_abs_error" || name == "max_abs_diff") && !(number_of(value) <= largest_bound)) return true;
  }
  return false;
}

Replay make_replay(const golden::Case& recorded, const Translated& translated) {
  const Op& op = *translated.op;
  Replay replay{{&op, {signature_of(translated), translated.inputs}, {}, false, {}, true},
                {},
                translated.binding->contract,
                false};
  Question& question = replay.question;
  question.expected = op.evaluate(question.problem);
  for (const auto& [place, array] : translated.outputs) {
    replay.outputs[place] = {
        bounds(op, question.problem.signature, translated.binding->contract, question.expected[place], place),
        tensor_of(*array)};
  }
  replay.defect = says_wrong(recorded, replay.outputs);
  for (const auto& [place, array] : translated.outputs) {
    if (!replay.defect && array->accept == "bitwise") question.recorded[place] = replay.outputs[place].recorded;
  }
  return replay;
}

// Outputs that are not recorded are absent.
void explain(const Replay& replay, Record& record) {
  std::vector<Tensor> outputs(replay.question.op->outputs.size());
  for (const auto& [place, output] : replay.outputs) outputs[place] = output.recorded;
  record.diagnosis = diagnose(replay.question, replay.contract, outputs, std::byte{0xFF});
  record.heat = heat_of(replay.question, replay.contract, outputs);
}

Record judge_upstream(const Replay& replay) {
  const Question& question = replay.question;
  Judgement found;
  for (const auto& [place, output] : replay.outputs) {
    const Port& port = question.op->outputs[place];
    const Form expected = output_forms(*question.op, question.problem.signature)[place];
    if (output.recorded.shape() != expected.shape || output.recorded.dtype() != expected.dtype) {
      return Record(Outcome::fail, fmt::format("{}: the oracle gives {} {}, upstream recorded {} {}", port.name,
                                               to_string(expected.dtype), to_string(expected.shape),
                                               to_string(output.recorded.dtype()), to_string(output.recorded.shape())));
    }
    const std::vector<double> want = nearest_alternatives(question.expected[place], output.recorded);
    found.add(judge(port, question.problem.signature, output.recorded, want, output.bound, std::byte{0xFF}));
  }
  Record record = Record(Outcome::pass, "");
  if (replay.defect && found.wrong > 0) {
    record = Record(Outcome::xfail, "recorded upstream defect: " + describe(found));
  } else if (replay.defect) {
    record =
        Record(Outcome::fail, "the record says that upstream's output is wrong, but the judge found nothing wrong");
  } else if (found.wrong > 0) {
    record = Record(Outcome::fail, "false alarm, or an unknown defect of upstream: " + describe(found));
  }
  record.elements = found.elements;
  record.wrong = found.wrong;
  record.unjudged = found.unjudged;
  record.worst = found.worst;
  if (found.wrong > 0) explain(replay, record);
  return record;
}

// Where the case stands, and how to repeat it.
struct Origin {
  std::string name, file, case_name;

  [[nodiscard]] std::string again(const std::string& impl) const {
    return fmt::format("plumb golden {} --case {} --impl {}", shell_quoted(file), shell_quoted(case_name),
                       shell_quoted(impl));
  }
};

Unit skipped_unit(const golden::Case& recorded, const Origin& origin) {
  const auto known = no_operator_reason(recorded.op);
  const std::string reason =
      known ? fmt::format("{}: {}", recorded.op, *known) : fmt::format("no operator yet for {}", recorded.op);
  return {{{known ? "(no operator)" : "(no operator yet)", kUpstream, origin.name, origin.again("upstream"),
            [reason] { return Record(Outcome::skip, reason); }}},
          {},
          {}};
}

void add_subject_steps(Unit& unit, const std::vector<Subject>& subjects, const Op& op, const Origin& origin,
                       const std::function<Record(const Subject&, Diagnosis)>& judge_one) {
  for (const Subject& subject : subjects) {
    if (op.name != subject.impl->op) continue;
    unit.steps.push_back({op.name, subject.impl->name, origin.name, origin.again(subject.impl->name),
                          [=] { return judge_one(subject, Diagnosis::none); },
                          [=] { return judge_one(subject, Diagnosis::sought); }});
  }
}

// Upstream refused: so must our description of the operator and every implementation. What we accept beyond upstream is
// not a fault, but is said.
Unit refusal_unit(const golden::Case& recorded, const Translated& translated, const std::vector<Subject>& subjects,
                  const Origin& origin) {
  Unit unit;
  try {
    (void)signature_of(translated);
    const std::string reason = fmt::format("upstream's reference refuses what {} accepts here: {}", translated.op->name,
                                           refusal_text(recorded));
    unit.steps.push_back({translated.op->name, kUpstream, origin.name, origin.again(kUpstream),
                          [reason] { return Record(Outcome::skip, reason); }});
  } catch (const Error&) {
    const Op& op = *translated.op;
    const auto illegal = std::make_shared<Problem>(Problem{{translated.params, {}}, translated.inputs});
    add_subject_steps(unit, subjects, op, origin, [illegal, &op](const Subject& subject, Diagnosis) {
      return judge_refusal(subject, op, *illegal);
    });
  }
  return unit;
}

Unit answer_unit(const std::shared_ptr<const golden::Case>& recorded, const Translated& translated,
                 const std::vector<Subject>& subjects, const Origin& origin) {
  const auto replay = std::make_shared<std::optional<Replay>>();
  Unit unit{{},
            [replay, recorded, translated] { *replay = make_replay(*recorded, translated); },
            [replay] { replay->reset(); }};
  unit.steps.push_back({translated.op->name, kUpstream, origin.name, origin.again(kUpstream),
                        [replay] { return judge_upstream(**replay); }});
  add_subject_steps(unit, subjects, *translated.op, origin, [replay](const Subject& subject, Diagnosis diagnosis) {
    return judge_subject(subject, (*replay)->question, diagnosis);
  });
  return unit;
}

Unit unit_of(const std::shared_ptr<const golden::Case>& recorded, const GoldenBinding& binding,
             const std::vector<Subject>& subjects, const Origin& origin) {
  const Translated translated = translate(*recorded, binding, origin.name);
  if (was_refused(*recorded)) return refusal_unit(*recorded, translated, subjects, origin);
  for (const auto& [dataset, port] : binding.outputs) {
    if (find_array(recorded->outputs, dataset) == nullptr) {
      throw Error(fmt::format("{}: expected a recorded output '{}', found none", origin.name, dataset));
    }
  }
  return answer_unit(recorded, translated, subjects, origin);
}

// Nothing for a case that upstream refused.
std::optional<ReplayFact> fact_of(const golden::Case& recorded, const GoldenBinding& binding, const Origin& origin) {
  if (was_refused(recorded)) return std::nullopt;
  const Translated translated = translate(recorded, binding, origin.name);
  std::vector<Offer> offers;
  for (const Tensor& input : translated.inputs) offers.push_back(offer_of(input));
  std::string group = fmt::format("{} {} of {}", recorded.op, binding.outputs.front().first,
                                  std::filesystem::path(origin.file).filename().string());
  return ReplayFact{std::move(group), translated.op, infer_signature(*translated.op, offers, translated.params).values};
}

// In the terms of a binding; nullptr if the case says nothing about its operator. What it lacks is told with its name.
std::shared_ptr<const golden::Case> restated(const std::shared_ptr<const golden::Case>& recorded,
                                             const GoldenBinding& binding, const Origin& origin) {
  if (!binding.restate) return recorded;
  try {
    std::optional<golden::Case> other = binding.restate(*recorded);
    return other ? std::make_shared<const golden::Case>(std::move(*other)) : nullptr;
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", origin.name, error.what()));
  }
}

// One for each of our operators that the recorded operation is.
void append_units(std::vector<Unit>& units, const std::shared_ptr<const golden::Case>& recorded,
                  const std::string& op_pattern, const std::vector<Subject>& subjects, const Origin& origin,
                  ReplayFacts* facts) {
  bool is_bound = false;
  const std::vector<const GoldenBinding*> bindings = golden_bindings_of(recorded->op);
  for (const GoldenBinding* binding : bindings) {
    const auto in_its_terms = restated(recorded, *binding, origin);
    if (in_its_terms == nullptr) continue;
    is_bound = true;
    Origin own = origin;
    if (bindings.size() > 1) own.name += "/" + binding->outputs.front().first;
    if (!glob_match(op_pattern, binding->op)) continue;
    units.push_back(unit_of(in_its_terms, *binding, subjects, own));
    if (facts == nullptr) continue;
    if (auto fact = fact_of(*in_its_terms, *binding, own)) facts->emplace(own.name, *std::move(fact));
  }
  if (!is_bound && op_pattern == "*") units.push_back(skipped_unit(*recorded, origin));
}

}  // namespace

std::vector<Unit> replay_units(const ReplayOptions& options, const std::vector<Subject>& subjects, ReplayFacts* facts) {
  std::vector<Unit> units;
  for (const std::filesystem::path& path : options.paths) {
    const auto files = golden::find(path);
    if (files.empty()) throw Error(fmt::format("{}: holds no golden file (*.h5)", path.string()));
    for (const std::filesystem::path& file_path : files) {
      const auto file = std::make_shared<const golden::File>(golden::read(file_path));
      for (const golden::Case& recorded : file->cases) {
        if (!glob_match(options.case_pattern, recorded.name)) continue;
        const Origin origin{fmt::format("{}/{}:{}", file_path.parent_path().filename().string(),
                                        file_path.filename().string(), recorded.name),
                            file_path.string(), recorded.name};
        // The file lives as long as one of its cases is used.
        append_units(units, std::shared_ptr<const golden::Case>(file, &recorded), options.op_pattern, subjects, origin,
                     facts);
      }
    }
  }
  if (units.empty()) throw Error("no recorded case matches --op and --case");
  return units;
}

std::filesystem::path default_golden_path() {
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  // build/<preset>/plumb in a checkout; PREFIX/bin/plumb once installed.
  for (const char* relative : {"../../golden", "../share/plumbline/golden"}) {
    const std::filesystem::path candidate = (program / relative).lexically_normal();
    if (std::filesystem::is_directory(candidate, ignored)) return candidate;
  }
  throw Error(
      "golden files: expected golden/ beside the sources or share/plumbline/golden, found neither; give a path");
}

}  // namespace plumb
