#include "runners/accuracy/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "reference/error.h"
#include "runners/accuracy/implementation_run.h"
#include "runners/accuracy/references.h"
#include "runners/accuracy/sensitivity.h"
#include "runners/sandbox.h"

namespace plumb::accuracy {
namespace {

void describe_passages(const std::vector<double>& guessed, const std::vector<double>& reference, Record& record) {
  record.passages = std::ssize(guessed);
  for (std::size_t i = 0; i < guessed.size(); ++i) {
    record.last_words += guessed[i] == 1 ? 1 : 0;
    record.same_last_words += i < reference.size() && guessed[i] == reference[i] ? 1 : 0;
  }
}

std::vector<Layer> layers_of(const model::ModelFolder& folder, const QuantisedModel& quantised,
                             const std::vector<std::size_t>& weights, const std::vector<DriftPoint>& points) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_tied_table = folder.config().tied && weights[i] + 1 == quantised.layers.size();
    const auto& layer = quantised.layers[is_tied_table ? weights[i] - 1 : weights[i]];
    layers.push_back({weight_name(folder, weights[i]), layer ? layer->part.format->bits : 0, points[i].injected,
                      points[i].drift, points[i].ratio, static_cast<std::int64_t>(points[i].wrong)});
  }
  return layers;
}

// Of a measured model: what cannot be, and which layer is not what it promises.
void judge_record(Record& record) {
  if (record.cost.tokens > 0 && !std::isfinite(record.cost.kl)) {
    record.outcome = Outcome::fail;
    record.reason = "predicts NaN or infinity";
  }
  if (const Layer* layer = first_wrong_layer(record)) {
    record.outcome = Outcome::fail;
    record.reason = fmt::format("{} is the first layer to leave its bound: error {:.3g} x bound, {} elements beyond it",
                                layer->name, layer->ratio, layer->wrong);
  }
}

// Whether anything could have said that the implementation is wrong.
void check_judged(const Budgets& budgets, Record& record) {
  const auto is_judged = [](const Layer& layer) { return !std::isnan(layer.ratio); };
  if (record.outcome != Outcome::pass || budgets.any() || std::ranges::any_of(record.layers, is_judged)) return;
  record.outcome = Outcome::vacuous;
  record.reason = "measured but not judged: neither layers (--layer-tokens 0) nor a budget";
}

class Measurement {
 public:
  Measurement(const model::ModelFolder& folder, const EvaluationText& text, const std::vector<Scheme>& schemes,
              const std::vector<Subject>& subjects, const AccuracyOptions& options)
      : folder_(folder),
        text_(text, options.reading, folder.config().positions),
        schemes_(schemes),
        subjects_(subjects),
        options_(options),
        decoder_(folder.config(), folder.norms()) {}

  Run run() {
    run_.model = folder_.path().string();
    run_.text_hash = text_.hash();
    run_.window = text_.window();
    quantise_all();
    run_.info.planned = 1 + std::ssize(quantised_);
    for (const QuantisedModel& quantised : quantised_) run_.info.planned += std::ssize(names_for(quantised));
    if (!options_.should_stop()) findings_ = evaluate_references(folder_, text_, quantised_, options_);
    if (!findings_.empty()) add_original();
    for (std::size_t i = 0; i < quantised_.size() && !findings_.empty(); ++i) add_scheme(i);
    run_.info.interrupted = options_.should_stop();
    return std::move(run_);
  }

 private:
  [[nodiscard]] int threads() const { return std::max(1, options_.jobs); }

  void quantise_all() {
    for (const Scheme& scheme : schemes_) {
      if (options_.should_stop()) return;
      options_.on_progress("quantising to " + scheme.name, 0);
      Assignment assignment = assign(scheme, folder_);
      if (scheme.better) {
        const auto measured = sensitivities(scheme, folder_, text_.calibration(), threads(), options_.should_stop);
        assignment = assign_by_sensitivity(scheme, folder_, measured);
      }
      quantised_.push_back(quantise(scheme, assignment, folder_, threads()));
    }
  }

  void add(Record record) {
    hold_to(options_.budgets, record);
    options_.on_record(record);
    run_.records.push_back(std::move(record));
  }

  [[nodiscard]] Record reference_record(std::size_t number, Kind kind, const std::string& scheme) const {
    const ModelFindings& found = findings_[number];
    Record record;
    record.kind = kind;
    record.scheme = scheme;
    record.outcome = found.scores.empty() ? Outcome::skip : Outcome::pass;
    if (found.scores.empty()) record.reason = "cut short";
    record.cost = cost_of(found.scores);
    record.window_nll = window_nll(found.scores);
    describe_passages(found.guessed, findings_[0].guessed, record);
    record.seconds = found.seconds;
    record.tokens_per_second =
        found.seconds > 0 ? static_cast<double>(std::ssize(found.scores) * text_.window()) / found.seconds : 0;
    return record;
  }

  void add_original() {
    const DType stored = folder_.embedding().dtype;
    Record record = reference_record(0, Kind::original, std::string(to_string(stored)));
    record.bits = record.model_bits = 8.0 * info(stored).size_bytes;
    add(std::move(record));
  }

  void add_scheme(std::size_t number) {
    const QuantisedModel& quantised = quantised_[number];
    Record record = reference_record(number + 1, Kind::quantisation, quantised.scheme.name);
    record.bits = quantised.bits_per_weight();
    record.model_bits = quantised.model_bits_per_weight(folder_);
    DequantisedLinears<double> dequantised(folder_, quantised);
    std::optional<DriftQuestions> drift;
    if (options_.reading.drift_tokens > 0 && !options_.should_stop()) {
      model::OriginalLinears<double> original(folder_);
      const Trace before = trace(decoder_, original, drift_tokens()),
                  after = trace(decoder_, dequantised, drift_tokens());
      record.layers =
          layers_of(folder_, quantised, before.weights, quantisation_drift(before, after, dequantised, drift_tokens()));
      if (!names_for(quantised).empty()) drift.emplace(quantised, after, drift_tokens(), threads());
    }
    judge_record(record);
    const Record reference = record;
    add(std::move(record));
    if (!options_.should_stop() && !names_for(quantised).empty()) {
      add_implementations(quantised, reference, drift ? &*drift : nullptr, dequantised);
    }
  }

  [[nodiscard]] std::span<const std::int32_t> drift_tokens() const {
    const auto& first = text_.windows()[0];
    return first.first(std::min(first.size(), static_cast<std::size_t>(options_.reading.drift_tokens)));
  }

  // Names of implementations of any operator of the scheme, in the order of the subjects.
  [[nodiscard]] std::vector<std::string> names_for(const QuantisedModel& quantised) const {
    std::set<std::string> ops;
    for (const auto& layer : quantised.layers) {
      if (layer) ops.insert(layer->packed.op->name);
    }
    std::vector<std::string> names;
    for (const Subject& subject : subjects_) {
      const bool fresh = std::ranges::find(names, subject.impl->name) == names.end();
      if (ops.contains(subject.impl->op) && fresh) names.emplace_back(subject.impl->name);
    }
    return names;
  }

  [[nodiscard]] Kernels kernels_named(const std::string& name) const {
    Kernels kernels;
    for (const Subject& subject : subjects_) {
      if (subject.impl->name == name) kernels.emplace(subject.impl->op, subject);
    }
    return kernels;
  }

  [[nodiscard]] std::vector<Window> predicted_windows(DequantisedLinears<double>& dequantised) const {
    model::OriginalLinears<double> original(folder_);
    std::vector<Window> windows;
    const auto count =
        std::min(static_cast<std::size_t>(options_.reading.implementation_windows), text_.windows().size());
    for (std::size_t i = 0; i < count && !options_.should_stop(); ++i) {
      const auto& tokens = text_.windows()[i];
      windows.push_back({tokens, Prediction(decoder_.run(tokens, original), tokens),
                         Prediction(decoder_.run(tokens, dequantised), tokens)});
    }
    return windows;
  }

  [[nodiscard]] std::vector<PassageQuestion> implementation_passages() const {
    const auto count =
        std::min(static_cast<std::size_t>(options_.reading.implementation_passages), text_.passages().size());
    return {text_.passages().begin(), text_.passages().begin() + static_cast<std::ptrdiff_t>(count)};
  }

  // One worker process for each name; what it finds is in `findings`.
  [[nodiscard]] std::vector<Unit> units_for(const ImplementationQuestion& question,
                                            const std::vector<std::string>& names,
                                            const std::vector<Findings>& findings) const {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto judge = [&question, &found = findings[i], kernels = kernels_named(names[i])] {
        try {
          found.find(question, kernels);
          return plumb::Record(Outcome::pass, "");
        } catch (const NotSupported& reason) {
          return plumb::Record(Outcome::skip, reason.what());
        }
      };
      units.push_back({{{"accuracy", names[i], question.quantised.scheme.name, "", judge}}});
    }
    return units;
  }

  void add_implementations(const QuantisedModel& quantised, const Record& reference, const DriftQuestions* drift,
                           DequantisedLinears<double>& dequantised) {
    options_.on_progress(quantised.scheme.name + ": dequantised reference in double", 0);
    const std::vector<Window> windows = predicted_windows(dequantised);
    const std::vector<PassageQuestion> passages = implementation_passages();
    const ImplementationQuestion question{folder_, decoder_, quantised, windows, passages, drift, drift_tokens()};
    const std::vector<std::string> names = names_for(quantised);
    std::vector<Findings> findings;
    for (std::size_t i = 0; i < names.size(); ++i) findings.emplace_back(question);
    std::vector<std::optional<plumb::Record>> verdicts(names.size());
    std::size_t done = 0;
    const auto on_verdict = [&](const plumb::Record& verdict) {
      const auto at = std::ranges::find(names, verdict.impl) - names.begin();
      verdicts[static_cast<std::size_t>(at)] = verdict;
      options_.on_progress(quantised.scheme.name + " on implementations",
                           static_cast<double>(++done) / static_cast<double>(names.size()));
    };
    (void)work_through(units_for(question, names, findings), {.workers = options_.jobs,
                                                              .step_limit = options_.limit,
                                                              .on_record = on_verdict,
                                                              .should_stop = options_.should_stop});
    for (std::size_t i = 0; i < names.size(); ++i) {
      add(implementation_record(quantised, reference, names[i], findings[i], verdicts[i], drift));
    }
  }

  [[nodiscard]] Record implementation_record(const QuantisedModel& quantised, const Record& reference,
                                             const std::string& name, const Findings& found,
                                             const std::optional<plumb::Record>& verdict,
                                             const DriftQuestions* drift) const {
    Record record;
    record.kind = Kind::implementation;
    record.scheme = reference.scheme;
    record.impl = name;
    record.bits = reference.bits;
    record.model_bits = reference.model_bits;
    record.outcome = verdict ? verdict->outcome : Outcome::skip;
    record.reason = verdict ? verdict->reason : "cut short";
    const Scores kernel = found.kernel_scores();
    record.cost = cost_of(kernel);
    record.total = cost_of(found.total_scores());
    record.window_nll = window_nll(kernel);
    describe_passages(found.guessed(), findings_[static_cast<std::size_t>(scheme_number(reference.scheme)) + 1].guessed,
                      record);
    if (drift != nullptr) record.layers = layers_of(folder_, quantised, drift->reference().weights, found.drift());
    record.seconds = found.seconds();
    record.tokens_per_second =
        record.seconds > 0 ? static_cast<double>(std::ssize(kernel) * text_.window()) / record.seconds : 0;
    if (record.outcome == Outcome::pass) judge_record(record);
    check_judged(options_.budgets, record);
    return record;
  }

  [[nodiscard]] std::ptrdiff_t scheme_number(const std::string& name) const {
    return std::ranges::find_if(quantised_, [&](const auto& q) { return q.scheme.name == name; }) - quantised_.begin();
  }

  const model::ModelFolder& folder_;
  const CutText text_;
  const std::vector<Scheme>& schemes_;
  const std::vector<Subject>& subjects_;
  const AccuracyOptions& options_;
  const model::Decoder<double> decoder_;
  std::vector<QuantisedModel> quantised_;
  std::vector<ModelFindings> findings_;
  Run run_;
};

}  // namespace

Run measure(const model::ModelFolder& folder, const EvaluationText& text, const std::vector<Scheme>& schemes,
            const std::vector<Subject>& subjects, const AccuracyOptions& options) {
  return Measurement(folder, text, schemes, subjects, options).run();
}

}  // namespace plumb::accuracy
