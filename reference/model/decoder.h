// A decoder of the Llama and Qwen3 families: everything around its linear layers, which come from outside, so that they
// can be the original ones, dequantised ones, or an implementation's.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "reference/model/config.h"

namespace plumb::model {

/// Row-major; activations are [tokens, width].
template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T>
using Row = Eigen::Matrix<T, 1, Eigen::Dynamic>;

/// The layers of a decoder that have weights worth quantising.
template <typename T>
class Linears {
 public:
  Linears() = default;
  Linears(const Linears&) = delete;
  Linears& operator=(const Linears&) = delete;
  virtual ~Linears() = default;
  /// Rows of the embedding: [tokens, hidden]. Tokens are in [0, vocabulary).
  [[nodiscard]] virtual Matrix<T> embed(std::span<const std::int32_t> tokens) = 0;
  /// y = x W^T + b of linear layer number `linear` of linears_of().
  [[nodiscard]] virtual Matrix<T> apply(std::size_t linear, const Matrix<T>& x) = 0;
};

/// Weights of the RMS norms.
struct Norms {
  struct Layer {
    std::vector<float> attention, mlp;  ///< [hidden]
    std::vector<float> q, k;            ///< [head_dim]; Family::qwen3 only
  };
  std::vector<Layer> layers;
  std::vector<float> last;  ///< [hidden]
};

/// What a run of the decoder may be asked for.
template <typename T>
struct RunOptions {
  /// Rows of hidden states, i.e. positions, whose logits are wanted; empty: all.
  std::span<const std::int64_t> positions = {};
  /// Is given the residual stream behind the embedding (0) and each layer; the last one normalised, as transformers'
  /// hidden_states are.
  std::function<void(std::size_t, const Matrix<T>&)> on_hidden = {};
};

/// The decoder in f32 (T = float), or in double to check it. Rotary angles, cosines and sines are rounded to f32 in
/// both, because that is what transformers does and models were trained with.
/// Source: transformers 5, models/llama/modeling_llama.py, models/qwen3/modeling_qwen3.py.
template <typename T>
class Decoder {
 public:
  Decoder(Config config, Norms norms);

  /// Logits [positions, vocabulary] of a sequence that begins at position 0. At least one token.
  [[nodiscard]] Matrix<T> run(std::span<const std::int32_t> tokens, Linears<T>& linears,
                              const RunOptions<T>& options = {}) const;

  [[nodiscard]] const Config& config() const { return config_; }

 private:
  [[nodiscard]] Matrix<T> attention(std::size_t layer, const Matrix<T>& x, Linears<T>& linears) const;
  [[nodiscard]] Matrix<T> mlp(std::size_t layer, const Matrix<T>& x, Linears<T>& linears) const;
  void rotate(Matrix<T>& heads) const;

  Config config_;
  Norms norms_;
  std::vector<float> inverse_frequency_;  // [head_dim / 2]
};

extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace plumb::model
