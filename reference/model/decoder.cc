#include "reference/model/decoder.h"

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

#include "reference/error.h"

namespace plumb::model {
namespace {

// 1 / theta^(2 i / head_dim), in f32 as transformers computes it; stretched where the model says so.
std::vector<float> inverse_frequencies(const Config& config) {
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < config.head_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(config.head_dim);
    auto frequency = 1.0F / static_cast<float>(std::pow(config.rope_theta, static_cast<double>(exponent)));
    if (config.llama3_rope) {
      const Llama3Rope& rope = *config.llama3_rope;
      const double wavelength = 2 * std::numbers::pi / static_cast<double>(frequency);
      const double smooth = (rope.original_positions / wavelength - rope.low_frequency_factor) /
                            (rope.high_frequency_factor - rope.low_frequency_factor);
      const double kept = std::clamp(smooth, 0.0, 1.0);  // 0: a long wave, stretched; 1: a short one, left as it is
      frequency = static_cast<float>((1 - kept) * static_cast<double>(frequency) / rope.factor +
                                     kept * static_cast<double>(frequency));
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

template <typename T>
Row<T> as_row(const std::vector<float>& weight) {
  return Eigen::Map<const Row<float>>(weight.data(), static_cast<Eigen::Index>(weight.size())).template cast<T>();
}

// Each row of each of the blocks of `width` columns: x / sqrt(mean(x^2) + epsilon) * weight.
template <typename T>
void normalise(Matrix<T>& x, const std::vector<float>& weight, double epsilon) {
  const auto width = static_cast<Eigen::Index>(weight.size());
  const Row<T> factors = as_row<T>(weight);
  for (Eigen::Index m = 0; m < x.rows(); ++m) {
    for (Eigen::Index k = 0; k < x.cols(); k += width) {
      auto block = x.row(m).segment(k, width);
      const T mean = block.squaredNorm() / static_cast<T>(width);
      block = (block * (T(1) / std::sqrt(mean + static_cast<T>(epsilon)))).cwiseProduct(factors).eval();
    }
  }
}

template <typename T>
Matrix<T> normalised(const Matrix<T>& x, const std::vector<float>& weight, double epsilon) {
  Matrix<T> result = x;
  normalise(result, weight, epsilon);
  return result;
}

// Row m of `scores` becomes softmax over columns 0 … m; columns behind are 0.
template <typename T>
void causal_softmax(Matrix<T>& scores) {
  for (Eigen::Index m = 0; m < scores.rows(); ++m) {
    auto seen = scores.row(m).head(m + 1);
    seen = (seen.array() - seen.maxCoeff()).exp().matrix().eval();
    seen /= seen.sum();
    scores.row(m).tail(scores.cols() - m - 1).setZero();
  }
}

}  // namespace

template <typename T>
Decoder<T>::Decoder(Config config, Norms norms)
    : config_(std::move(config)), norms_(std::move(norms)), inverse_frequency_(inverse_frequencies(config_)) {
  PLUMB_CHECK(static_cast<std::int64_t>(norms_.layers.size()) == config_.layers);
}

// Columns i and i + head_dim/2 of a head are turned by angle position * inverse_frequency[i].
template <typename T>
void Decoder<T>::rotate(Matrix<T>& heads) const {
  const Eigen::Index half = config_.head_dim / 2;
  for (Eigen::Index m = 0; m < heads.rows(); ++m) {
    for (Eigen::Index i = 0; i < half; ++i) {
      const float angle = static_cast<float>(m) * inverse_frequency_[static_cast<std::size_t>(i)];
      const T c = static_cast<float>(std::cos(static_cast<double>(angle)));
      const T s = static_cast<float>(std::sin(static_cast<double>(angle)));
      for (Eigen::Index head = 0; head < heads.cols(); head += config_.head_dim) {
        const T first = heads(m, head + i), second = heads(m, head + half + i);
        heads(m, head + i) = first * c - second * s;
        heads(m, head + half + i) = second * c + first * s;
      }
    }
  }
}

template <typename T>
Matrix<T> Decoder<T>::attention(std::size_t layer, const Matrix<T>& x, Linears<T>& linears) const {
  const std::size_t first = layer * kLinearsPerLayer;
  Matrix<T> q = linears.apply(first + kQ, x), k = linears.apply(first + kK, x);
  const Matrix<T> v = linears.apply(first + kV, x);
  if (config_.family == Family::qwen3) {
    normalise(q, norms_.layers[layer].q, config_.rms_epsilon);
    normalise(k, norms_.layers[layer].k, config_.rms_epsilon);
  }
  rotate(q);
  rotate(k);
  const Eigen::Index width = config_.head_dim, shared = config_.heads / config_.kv_heads;
  const T scale = T(1) / std::sqrt(static_cast<T>(width));
  Matrix<T> joined(x.rows(), config_.heads * width);
  for (Eigen::Index head = 0; head < config_.heads; ++head) {
    const Eigen::Index kv = head / shared * width;
    Matrix<T> scores = q.middleCols(head * width, width) * k.middleCols(kv, width).transpose() * scale;
    causal_softmax(scores);
    joined.middleCols(head * width, width).noalias() = scores * v.middleCols(kv, width);
  }
  return linears.apply(first + kO, joined);
}

template <typename T>
Matrix<T> Decoder<T>::mlp(std::size_t layer, const Matrix<T>& x, Linears<T>& linears) const {
  const std::size_t first = layer * kLinearsPerLayer;
  Matrix<T> gate = linears.apply(first + kGate, x);
  const Matrix<T> up = linears.apply(first + kUp, x);
  gate.array() /= (1 + (-gate.array()).exp());  // silu(g) = g / (1 + e^-g)
  gate.array() *= up.array();
  return linears.apply(first + kDown, gate);
}

template <typename T>
Matrix<T> Decoder<T>::run(std::span<const std::int32_t> tokens, Linears<T>& linears,
                          const RunOptions<T>& options) const {
  PLUMB_CHECK(!tokens.empty());
  Matrix<T> x = linears.embed(tokens);
  const auto layers = static_cast<std::size_t>(config_.layers);
  for (std::size_t layer = 0; layer < layers; ++layer) {
    if (options.on_hidden) options.on_hidden(layer, x);
    const Norms::Layer& norms = norms_.layers[layer];
    x += attention(layer, normalised(x, norms.attention, config_.rms_epsilon), linears);
    x += mlp(layer, normalised(x, norms.mlp, config_.rms_epsilon), linears);
  }
  normalise(x, norms_.last, config_.rms_epsilon);
  if (options.on_hidden) options.on_hidden(layers, x);
  if (!options.positions.empty()) {
    Matrix<T> wanted(static_cast<Eigen::Index>(options.positions.size()), x.cols());
    for (std::size_t i = 0; i < options.positions.size(); ++i) {
      wanted.row(static_cast<Eigen::Index>(i)) = x.row(options.positions[i]);
    }
    x = std::move(wanted);
  }
  return linears.apply(layers * kLinearsPerLayer, x);
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace plumb::model
