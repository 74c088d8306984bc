#include "runners/accuracy/quantised_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/error.h"
#include "runners/accuracy/called_layer.h"
#include "runners/shared_work.h"

namespace plumb::accuracy {
namespace {

constexpr std::int64_t kRowsAtOnce = 64;  // of a weight that is dequantised

const golden::MappedTensor& weight_of(const model::ModelFolder& folder, std::size_t weight) {
  return weight < folder.linears().size() ? folder.weight(weight) : folder.embedding();
}

Tensor f32_weight(const model::ModelFolder& folder, std::size_t number) {
  const golden::MappedTensor& mapped = weight_of(folder, number);
  Tensor weight(DType::f32, mapped.shape);
  std::vector<float> values(static_cast<std::size_t>(weight.size()));
  model::read_floats(mapped, 0, weight.size(), values.data());
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
    throw Error(fmt::format("{}: expected finite weights, got NaN or infinity", weight_name(folder, number)));
  }
  std::ranges::copy(std::as_bytes(std::span(values)), weight.bytes().begin());
  return weight;
}

QuantisedLayer quantise_one(const Part& part, const model::ModelFolder& folder, std::size_t number) {
  const Tensor weight = f32_weight(folder, number);
  const std::int64_t columns = weight.shape()[1], group = part.choices.group;
  if (group != 0 && columns % group != 0) {
    throw Error(
        fmt::format("{}: groups of {} do not divide its {} columns", weight_name(folder, number), group, columns));
  }
  QuantisedLayer layer{part, part.format->quantise(weight, *part.format, part.choices), {}};
  layer.packed = part.format->pack(layer.weight, *part.format, part.choices);
  try {  // whether the operator takes it
    const auto one_row = model::Matrix<double>::Zero(1, columns);
    (void)problem_for(layer.packed, activations_for(layer.packed, part.format->activation, one_row));
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", weight_name(folder, number), error.what()));
  }
  return layer;
}

// A tied embedding is the head's weight.
bool is_own_weight(const model::ModelFolder& folder, std::size_t weight) {
  return weight < folder.linears().size() || !folder.config().tied;
}

}  // namespace

std::string weight_name(const model::ModelFolder& folder, std::size_t weight) {
  return weight < folder.linears().size() ? folder.linears()[weight].name : model::kEmbeddingName;
}

Assignment assign(const Scheme& scheme, const model::ModelFolder& folder) {
  Assignment assignment(folder.linears().size() + 1, nullptr);
  const std::size_t head = folder.linears().size() - 1;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (i < head || (scheme.tied && is_own_weight(folder, i))) assignment[i] = &scheme.part;
  }
  return assignment;
}

QuantisedModel quantise(const Scheme& scheme, const Assignment& assignment, const model::ModelFolder& folder,
                        int threads) {
  QuantisedModel quantised{scheme, std::vector<std::optional<QuantisedLayer>>(assignment.size()), {}};
  const auto quantise_number = [&](std::int64_t number) {
    const auto at = static_cast<std::size_t>(number);
    if (assignment[at] == nullptr) return;
    try {
      quantised.layers[at] = quantise_one(*assignment[at], folder, at);
    } catch (const Error& error) {
      throw Error(fmt::format("--scheme '{}': {}", scheme.name, error.what()));
    }
  };
  (void)share_work(std::ssize(assignment), {.threads = threads}, quantise_number);
  const auto& table = quantised.layers[folder.config().tied ? assignment.size() - 2 : assignment.size() - 1];
  if (scheme.tied && table && table->part.format->pack_table != nullptr) {
    quantised.table = table->part.format->pack_table(table->weight);
  }
  return quantised;
}

double QuantisedModel::bits_per_weight() const {
  std::int64_t bytes = 0, weights = 0;
  for (const auto& layer : layers) {
    if (!layer) continue;
    bytes += layer->packed.size_bytes();
    weights += layer->weight.rows * layer->weight.columns;
  }
  return weights == 0 ? 0 : 8 * static_cast<double>(bytes) / static_cast<double>(weights);
}

double QuantisedModel::model_bits_per_weight(const model::ModelFolder& folder) const {
  std::int64_t bytes = 0, weights = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const golden::MappedTensor& mapped = weight_of(folder, i);
    const bool is_tied_head = folder.config().tied && i + 1 == folder.linears().size();
    // A tied embedding is counted once: as the head if that is quantised, else as the embedding.
    if (is_tied_head ? !layers[i].has_value() : folder.config().tied && i + 1 == layers.size() && layers[i - 1])
      continue;
    const std::int64_t count = element_count(mapped.shape);
    weights += count;
    bytes += layers[i] ? layers[i]->packed.size_bytes() : count * info(mapped.dtype).size_bytes;
  }
  return 8 * static_cast<double>(bytes) / static_cast<double>(weights);
}

template <typename T>
model::Matrix<T> DequantisedLinears<T>::embed(std::span<const std::int32_t> tokens) {
  const auto& layer = quantised_.layers[quantised_.layers.size() - (folder_.config().tied ? 2 : 1)];
  if (!layer) return original_.embed(tokens);
  model::Matrix<T> rows(static_cast<Eigen::Index>(tokens.size()), layer->weight.columns);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    rows.row(static_cast<Eigen::Index>(i)) = dequantised<T>(layer->weight, tokens[i], 1).row(0);
  }
  return rows;
}

template <typename T>
model::Matrix<T> DequantisedLinears<T>::apply(std::size_t linear, const model::Matrix<T>& x) {
  const auto& layer = quantised_.layers[linear];
  if (!layer) return original_.apply(linear, x);
  const model::Matrix<T> prescribed = as_prescribed(layer->part.format->activation, x);
  const QuantisedWeight& weight = layer->weight;
  model::Matrix<T> y(x.rows(), weight.rows);
  for (std::int64_t n = 0; n < weight.rows; n += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, weight.rows - n);
    y.middleCols(n, count).noalias() = prescribed * dequantised<T>(weight, n, count).transpose();
  }
  model::add_bias(folder_, linear, y);
  return y;
}

template class DequantisedLinears<float>;
template class DequantisedLinears<double>;

}  // namespace plumb::accuracy
