#include "property_tests/faults/rebuilt/plain_linear.h"

#include <cmath>
#include <span>

namespace plumb::faults {
namespace {

struct Prepared {
  PlainWeight weight;
};

PlainWeight read_weight(const LinearSource& source) {
  const WeightSource& from = source.weight;
  PlainWeight w{from.rows, from.columns, from.group, {}, {}, {}, source.bias, source.dynamic};
  for (std::int64_t n = 0; n < w.rows; ++n) {
    for (std::int64_t k = 0; k < w.columns; ++k) {
      w.code.push_back(static_cast<float>(from.base + static_cast<int>(from.code(n, k))));
    }
    for (std::int64_t g = 0; g < w.groups(); ++g) {
      w.scale.push_back(from.scale(n, g));
      if (from.zero) w.zero.push_back(from.zero(n, g));
    }
  }
  return w;
}

void quantise(std::span<float> columns) {
  float largest = 0;
  for (const float value : columns) largest = std::max(largest, std::abs(value));
  const float scale = largest / 127;
  for (float& value : columns) value = scale == 0 ? 0 : std::nearbyint(value / scale) * scale;
}

PlainLayer layer_of(const Call& call, const PlainWeight& w) {
  PlainLayer layer{call, w, call.input_as_f32(0), {}};
  layer.x = layer.given;
  const auto together = static_cast<std::size_t>(w.dynamic);
  for (std::size_t i = 0; together != 0 && i < layer.x.size(); i += together) {
    quantise(std::span(layer.x).subspan(i, together));
  }
  return layer;
}

// A quantised activation is rounded; code - zero is before the weight is; a product, at most K sums, and the bias.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 5, 0, 1};

}  // namespace

float PlainLinear::weight(const PlainLayer& layer, std::int64_t n, std::int64_t k) const {
  const std::int64_t g = std::min(group_of(layer, k), layer.w.groups() - 1);
  return (layer.w.code_at(n, k) - layer.w.zero_at(n, g)) * layer.w.scale_at(n, g);
}

float PlainLinear::sum_over(const PlainLayer& layer, std::int64_t m, std::int64_t n, std::int64_t first,
                            std::int64_t last, float start) const {
  for (std::int64_t k = first; k < last; ++k) start += layer.x_at(m, k) * weight(layer, n, k);
  return start;
}

float PlainLinear::sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const {
  return sum_over(layer, m, n, 0, layer.w.columns);
}

float PlainLinear::value(const PlainLayer& layer, std::int64_t m, std::int64_t n) const {
  return sum(layer, m, n) + (layer.w.bias.empty() ? 0 : layer.w.bias[static_cast<std::size_t>(n)]);
}

void PlainLinear::write(const PlainLayer& layer, const Output& y) const {
  for (std::int64_t m = 0; m < layer.rows(); ++m) {
    for (std::int64_t n = 0; n < layer.w.rows; ++n) y.set(m, n, value(layer, m, n));
  }
}

Kernel kernel_of(const char* op, ReadLinear read, std::shared_ptr<const PlainLinear> steps) {
  const auto prepare = [=](const Call& call) {
    auto prepared = std::make_shared<Prepared>(Prepared{read_weight(read(call))});
    steps->spoil(call, prepared->weight);
    return prepared;
  };
  const auto run = [=](const Call& call, void* prepared) {
    const PlainWeight& w = static_cast<const Prepared*>(prepared)->weight;
    steps->write(layer_of(call, w), Output(call, w.rows, Mutation::none));
  };
  return {op, kContract, prepare, run};
}

}  // namespace plumb::faults
