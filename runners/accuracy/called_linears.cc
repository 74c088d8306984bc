#include "runners/accuracy/called_linears.h"

#include <fmt/format.h>

#include <algorithm>

namespace plumb::accuracy {

CalledLinears::CalledLinears(const model::ModelFolder& folder, const QuantisedModel& quantised, const Kernels& kernels)
    : folder_(folder), quantised_(quantised), reference_(folder, quantised) {
  for (std::size_t i = 0; i + 1 < quantised.layers.size(); ++i) {
    const auto& layer = quantised.layers[i];
    layers_.push_back(layer ? call(kernels, layer->packed,
                                   activations_for(layer->packed, layer->part.format->activation,
                                                   model::Matrix<double>::Zero(1, layer->weight.columns)))
                            : nullptr);
  }
  const std::int32_t first_row = 0;
  layers_.push_back(
      quantised.table ? call(kernels, *quantised.table, activations_for(*quantised.table, {&first_row, 1})) : nullptr);
  if (std::ranges::all_of(layers_, [](const auto& layer) { return layer == nullptr; })) {
    throw NotSupported("has no kernel for any of the scheme's operators");
  }
}

std::unique_ptr<CalledLayer> CalledLinears::call(const Kernels& kernels, const PackedWeight& weight,
                                                 const std::vector<Tensor>& activations) {
  const auto kernel = kernels.find(weight.op->name);
  if (kernel != kernels.end()) return std::make_unique<CalledLayer>(*kernel->second.impl, weight, activations);
  if (std::ranges::find(missing_, weight.op->name) == missing_.end()) missing_.push_back(weight.op->name);
  return nullptr;
}

model::Matrix<double> CalledLinears::embed(std::span<const std::int32_t> tokens) {
  if (layers_.back() == nullptr) return reference_.embed(tokens);
  return matrix_of(layers_.back()->run(activations_for(*quantised_.table, tokens)));
}

model::Matrix<double> CalledLinears::apply(std::size_t linear, const model::Matrix<double>& x) {
  if (layers_[linear] == nullptr) return reference_.apply(linear, x);
  const QuantisedLayer& layer = *quantised_.layers[linear];
  model::Matrix<double> y =
      matrix_of(layers_[linear]->run(activations_for(layer.packed, layer.part.format->activation, x)));
  model::add_bias(folder_, linear, y);
  return y;
}

}  // namespace plumb::accuracy
