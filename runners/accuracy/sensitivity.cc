#include "runners/accuracy/sensitivity.h"

#include <algorithm>
#include <numeric>

#include "runners/accuracy/scores.h"
#include "runners/shared_work.h"

namespace plumb::accuracy {
namespace {

std::int64_t size_of(const model::ModelFolder& folder, std::size_t weight) {
  return element_count(weight < folder.linears().size() ? folder.weight(weight).shape : folder.embedding().shape);
}

}  // namespace

std::vector<double> sensitivities(const Scheme& scheme, const model::ModelFolder& folder,
                                  std::span<const std::int32_t> tokens, int threads,
                                  const std::function<bool()>& should_stop) {
  const Assignment all = assign(scheme, folder);
  const model::Decoder<float> decoder(folder.config(), folder.norms());
  model::OriginalLinears<float> original(folder);
  const Prediction want(decoder.run(tokens, original), tokens);
  std::vector<double> result(all.size(), 0);
  const auto measure = [&](std::int64_t number) {
    const auto at = static_cast<std::size_t>(number);
    if (all[at] == nullptr) return;
    Assignment one(all.size(), nullptr);
    one[at] = all[at];
    const QuantisedModel quantised = quantise(scheme, one, folder, 1);
    DequantisedLinears<float> linears(folder, quantised);
    const std::vector<TokenScore> scores = score(want, decoder.run(tokens, linears));
    for (const TokenScore& token : scores) result[at] += token.kl / static_cast<double>(scores.size());
  };
  (void)share_work(std::ssize(all), {.threads = threads, .should_stop = should_stop}, measure);
  return result;
}

Assignment assign_by_sensitivity(const Scheme& scheme, const model::ModelFolder& folder,
                                 const std::vector<double>& sensitivities) {
  Assignment assignment = assign(scheme, folder);
  std::vector<std::size_t> order;
  std::int64_t weights = 0;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == nullptr) continue;
    order.push_back(i);
    weights += size_of(folder, i);
  }
  const auto by_weight = [&](std::size_t i) { return sensitivities[i] / static_cast<double>(size_of(folder, i)); };
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return by_weight(a) > by_weight(b); });
  const double step = scheme.better->format->bits - scheme.part.format->bits;
  double left = (scheme.average_bits - scheme.part.format->bits) * static_cast<double>(weights);
  for (const std::size_t i : order) {
    const double cost = step * static_cast<double>(size_of(folder, i));
    if (cost > left) continue;
    left -= cost;
    assignment[i] = &*scheme.better;
  }
  return assignment;
}

}  // namespace plumb::accuracy
