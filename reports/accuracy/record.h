// What `plumb accuracy` measured: one record for the original model, one for each scheme, and one for each
// implementation of each scheme.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb::accuracy {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// A number with the interval that holds it with 95 % confidence.
struct Interval {
  double value = kUnknown, low = kUnknown, high = kUnknown;
};

/// What a change of a model costs: the changed one (q) beside a reference (p), token by token on the same tokens.
struct Cost {
  std::int64_t tokens = 0;                    ///< Predicted; 0: nothing was measured, all else is NaN.
  double perplexity = kUnknown;               ///< exp(mean -ln q(token))
  double perplexity_error = kUnknown;         ///< Its standard error.
  double reference_perplexity = kUnknown;     ///< The reference's on the same tokens.
  Interval increase;                          ///< perplexity / reference_perplexity - 1; paired by token.
  double kl = kUnknown, kl_error = kUnknown;  ///< Mean of sum p ln(p / q), and its standard error.
  double kl_median = kUnknown, kl_90 = kUnknown, kl_99 = kUnknown, kl_999 = kUnknown, kl_max = kUnknown;
  double rms_dp = kUnknown;                               ///< Root mean square of q(token) - p(token).
  double same_top = kUnknown, same_top_error = kUnknown;  ///< Share of tokens whose likeliest guess is the same.
};

/// How records come about.
enum class Kind {
  original,        ///< The model as it is.
  quantisation,    ///< Original -> dequantised reference: what the scheme costs.
  implementation,  ///< Dequantised reference -> implementation: what its kernels cost.
};
[[nodiscard]] const char* to_string(Kind kind);
/// Throws Error for another word.
[[nodiscard]] Kind kind_from_string(const std::string& word);

/// A layer's part in the difference. Errors are root mean squares relative to that of what is wanted.
struct Layer {
  std::string name;         ///< "model.layers.0.self_attn.q_proj"
  std::int64_t bits = 0;    ///< Of its codes; 0: it stays as it is.
  double injected = 0;      ///< What this layer alone adds, on the reference's own activations.
  double drift = 0;         ///< What has come together at its output with all layers changed.
  double ratio = kUnknown;  ///< Largest error / bound among its elements; NaN where nothing was judged.
  std::int64_t wrong = 0;   ///< Elements beyond their bound.
};

struct Record {
  Kind kind = Kind::original;
  std::string scheme;  ///< "et_vk.q4gsw:g32"; of the original the type of its weights.
  std::string impl;    ///< "cpu.avx2"; empty unless kind is implementation.
  Outcome outcome = Outcome::skip;
  std::string reason;                         ///< Empty only for pass.
  double bits = kUnknown;                     ///< Per quantised weight: packed codes, scales and zero points.
  double model_bits = kUnknown;               ///< Per weight of all matrices.
  Cost cost;                                  ///< Of the step that `kind` names. Of the original: its own perplexity.
  Cost total;                                 ///< Original -> what runs. Only where kind is implementation.
  std::int64_t passages = 0, last_words = 0;  ///< Passages read, and last words guessed.
  std::int64_t same_last_words = 0;           ///< Passages where guessing succeeds or fails as the reference's does.
  std::vector<Layer> layers;                  ///< In the order of evaluation; empty: not looked at.
  double seconds = 0, tokens_per_second = 0;  ///< Of the windows' evaluation.
  std::vector<double> window_nll;             ///< Mean -ln q of each window, for a later run to be compared with.
  Interval since_baseline;  ///< Increase of the perplexity over the baseline run's, paired by window; NaN: unknown.
};

/// The first layer with an element beyond its bound; nullptr if there is none.
[[nodiscard]] const Layer* first_wrong_layer(const Record& record);

/// Somebody else's evaluation of the same weights.
struct Peer {
  std::string name;    ///< "llama.cpp"
  std::string absent;  ///< Why there are no numbers; empty if there are.
  double perplexity = kUnknown, tokens_per_second = kUnknown;
};

struct Run {
  RunInfo info;
  std::string model, text;         ///< Folder of the model; what was read.
  std::uint64_t text_hash = 0;     ///< Of all tokens read: runs can be compared if it is the same.
  std::int64_t window = 0;         ///< Tokens of a window.
  std::vector<std::string> notes;  ///< What a reader has to know, in sentences.
  std::vector<Peer> peers;
  std::vector<Record> records;
};

/// 0: all within bounds and budgets. 1: a record is wrong. 2: no scheme was measured, or of implementations that were
/// asked for none, or something that was measured was judged by nothing, or the run was cut short.
[[nodiscard]] int exit_code(const Run& run);
/// "4 schemes, 24 implementations measured; 1 wrong".
[[nodiscard]] std::string headline(const Run& run);

}  // namespace plumb::accuracy
