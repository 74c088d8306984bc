#include "reports/accuracy/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/number_text.h"

namespace plumb::accuracy {
namespace {

std::string fixed(double value, int digits) { return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits); }
std::string two(double value) { return std::isnan(value) ? "-" : two_digits(value); }
std::string three(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3g}", value); }

// Of a change to the original model, and of the step alone.
const Cost& total(const Record& record) { return record.kind == Kind::implementation ? record.total : record.cost; }
bool is_change(const Record& record) { return record.kind != Kind::original; }
double or_unknown(const Record& record, double value) { return is_change(record) ? value : kUnknown; }

double worst_ratio(const Record& record) {
  double worst = kUnknown;
  for (const Layer& layer : record.layers) worst = std::isnan(worst) ? layer.ratio : std::max(worst, layer.ratio);
  return worst;
}

std::string implementation(const Record& record) {
  if (record.kind == Kind::original) return "original";
  return record.kind == Kind::quantisation ? "dequantised" : record.impl;
}

std::string last_words(const Record& record) {
  if (record.passages == 0) return "-";
  return fmt::format("{:.1f}", 100.0 * static_cast<double>(record.last_words) / static_cast<double>(record.passages));
}

std::string same_last_words(const Record& record) {
  if (record.passages == 0 || !is_change(record)) return "-";
  return fmt::format("{}/{}", record.same_last_words, record.passages);
}

}  // namespace

std::string percent_text(double share) { return std::isnan(share) ? "-" : fmt::format("{:.3g} %", 100 * share); }

std::span<const Column> columns() {
  using R = const Record&;
  static const Column table[] = {
      {"scheme", "Format, group and options of the quantised weights.", true, [](R r) { return r.scheme; }},
      {"model",
       "original: as it is; dequantised: the scheme's definition in f32, beside the original; else the implementation "
       "whose kernels run, in a decoder that is otherwise double, beside the dequantised reference in double.",
       true, implementation},
      {"bits", "Bits per quantised weight: packed codes, scales and zero points.", true,
       [](R r) { return fixed(r.bits, 3); }},
      {"all", "Bits per weight over all matrices of the model.", false, [](R r) { return fixed(r.model_bits, 3); }},
      {"tokens", "Tokens that were predicted.", false,
       [](R r) { return r.cost.tokens == 0 ? std::string("-") : thousands(r.cost.tokens); }},
      {"PPL", "Perplexity, exp(mean -ln q(token)).", true, [](R r) { return fixed(r.cost.perplexity, 3); }},
      {"+-", "Standard error of the perplexity.", true, [](R r) { return fixed(r.cost.perplexity_error, 3); }},
      {"dPPL", "Perplexity minus the reference's on the same tokens.", true,
       [](R r) { return three(or_unknown(r, r.cost.perplexity - r.cost.reference_perplexity)); }},
      {"dPPL %", "The same relative to the reference's; what this step costs.", true,
       [](R r) { return three(or_unknown(r, 100 * r.cost.increase.value)); }},
      {"from", "The interval that holds it with 95 % confidence, paired by token.", true,
       [](R r) { return three(or_unknown(r, 100 * r.cost.increase.low)); }},
      {"to", "Its other end.", true, [](R r) { return three(or_unknown(r, 100 * r.cost.increase.high)); }},
      {"KL", "Mean Kullback-Leibler divergence from the reference, sum p ln(p / q) over the vocabulary.", true,
       [](R r) { return two(or_unknown(r, r.cost.kl)); }},
      {"KL +-", "Its standard error.", false, [](R r) { return two(or_unknown(r, r.cost.kl_error)); }},
      {"median", "Percentiles of the divergence over tokens.", false,
       [](R r) { return two(or_unknown(r, r.cost.kl_median)); }},
      {"90 %", "", false, [](R r) { return two(or_unknown(r, r.cost.kl_90)); }},
      {"99 %", "", true, [](R r) { return two(or_unknown(r, r.cost.kl_99)); }},
      {"99.9 %", "", false, [](R r) { return two(or_unknown(r, r.cost.kl_999)); }},
      {"KL max", "", true, [](R r) { return two(or_unknown(r, r.cost.kl_max)); }},
      {"RMS dp %", "Root mean square of how much the token's probability changes.", true,
       [](R r) { return two(or_unknown(r, 100 * r.cost.rms_dp)); }},
      {"top-1 %", "Tokens whose likeliest guess is the reference's.", true,
       [](R r) { return fixed(or_unknown(r, 100 * r.cost.same_top), 2); }},
      {"top-1 +-", "Its standard error.", false, [](R r) { return two(or_unknown(r, 100 * r.cost.same_top_error)); }},
      {"words %", "Passages whose last word is guessed, token by token.", true, last_words},
      {"as ref.", "Passages where that succeeds or fails as the reference's does.", false, same_last_words},
      {"all in all %", "Increase of the perplexity over the original's: quantisation and implementation together.",
       false, [](R r) { return three(or_unknown(r, 100 * total(r).increase.value)); }},
      {"KL all in all", "Mean divergence from the original.", false,
       [](R r) { return two(or_unknown(r, total(r).kl)); }},
      {"/ bound", "Largest error / bound of any element of any layer, on the reference's activations.", true,
       [](R r) { return std::isnan(worst_ratio(r)) ? "-" : ratio_text(worst_ratio(r)); }},
      {"since %", "Increase of the perplexity over the baseline run's.", true,
       [](R r) { return three(100 * r.since_baseline.value); }},
      {"since, from", "Its 95 % interval, paired by window.", false,
       [](R r) { return three(100 * r.since_baseline.low); }},
      {"since, to", "", false, [](R r) { return three(100 * r.since_baseline.high); }},
      {"tok/s", "Tokens per second of one thread.", true,
       [](R r) { return r.tokens_per_second > 0 ? fixed(r.tokens_per_second, 0) : std::string("-"); }},
  };
  return table;
}

}  // namespace plumb::accuracy
