// What distinguishes one decoder of the Llama and Qwen3 families from another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumb::model {

enum class Family {
  llama,  ///< Grouped-query attention, SiLU-gated MLP, RMS norms, rotary positions.
  qwen3,  ///< The same, and an RMS norm over each head of the queries and of the keys.
};

/// Rotary frequencies stretched for long contexts. Source: transformers 5, modeling_rope_utils.py:
/// _compute_llama3_parameters.
struct Llama3Rope {
  double factor, low_frequency_factor, high_frequency_factor, original_positions;
};

/// The sizes and constants of a decoder.
struct Config {
  Family family = Family::llama;
  std::int64_t vocabulary = 0, hidden = 0, intermediate = 0, layers = 0;
  std::int64_t heads = 0, kv_heads = 0;  ///< Of queries; of keys and values. kv_heads divides heads.
  std::int64_t head_dim = 0;             ///< Even.
  double rms_epsilon = 1e-6;
  double rope_theta = 10000;
  std::optional<Llama3Rope> llama3_rope = {};
  bool tied = false;                       ///< The head's weight is the embedding's.
  bool attention_bias = false;             ///< Of the q, k, v and o projections.
  bool mlp_bias = false;                   ///< Of the gate, up and down projections.
  std::int64_t positions = 0;              ///< The longest sequence the model was made for.
  std::optional<std::int64_t> begin = {};  ///< The token that texts begin with.
};

/// The linear layers of one decoder layer, in the order in which they are evaluated.
enum Linear : std::size_t { kQ, kK, kV, kO, kGate, kUp, kDown };
inline constexpr std::size_t kLinearsPerLayer = 7;

/// A linear layer y = x W^T + b with W [rows, columns].
struct LinearShape {
  std::string name;  ///< As in the folder, without ".weight": "model.layers.0.self_attn.q_proj".
  std::int64_t rows, columns;
  bool bias;
};

/// All linear layers: kLinearsPerLayer of each layer, layer by layer, and the head ("lm_head") as the last.
[[nodiscard]] std::vector<LinearShape> linears_of(const Config& config);

/// The embedding's name, which is that of a tied head, too.
inline constexpr const char* kEmbeddingName = "model.embed_tokens";

}  // namespace plumb::model
