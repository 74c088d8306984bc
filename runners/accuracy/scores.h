// What a model predicts beside what another one predicts, token by token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/model/decoder.h"
#include "runners/model/evaluation_text.h"

namespace plumb::accuracy {

/// Two predictions of one token, of a model q beside a reference p.
struct TokenScore {
  double nll = 0;            ///< -ln q(token)
  double reference_nll = 0;  ///< -ln p(token)
  double kl = 0;             ///< sum over the vocabulary of p ln(p / q)
  double dp = 0;             ///< q(token) - p(token)
  double same_top = 0;       ///< 1 if both think the same token the likeliest.
};
inline constexpr std::size_t kScoreNumbers = sizeof(TokenScore) / sizeof(double);

/// What a reference predicts for each token of a sequence but the first.
struct Prediction {
  /// From its logits [tokens, vocabulary].
  template <typename T>
  Prediction(const model::Matrix<T>& logits, std::span<const std::int32_t> tokens);

  std::vector<std::int32_t> targets;
  model::Matrix<double> log_p;  ///< [targets, vocabulary]
};

/// Another model's logits of the same sequence beside it: one score for each target.
template <typename T>
[[nodiscard]] std::vector<TokenScore> score(const Prediction& reference, const model::Matrix<T>& logits);

extern template Prediction::Prediction(const model::Matrix<float>&, std::span<const std::int32_t>);
extern template Prediction::Prediction(const model::Matrix<double>&, std::span<const std::int32_t>);
extern template std::vector<TokenScore> score(const Prediction&, const model::Matrix<float>&);
extern template std::vector<TokenScore> score(const Prediction&, const model::Matrix<double>&);

/// Tokens that the model reads to guess a passage's last word: the last `most` of context and word; and at which
/// positions it guesses. Of a word longer than that, its end.
struct PassageQuestion {
  PassageQuestion(const model::Passage& passage, std::int64_t most);
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> positions;  ///< Whose logits are the guesses.
  std::vector<std::int32_t> word;       ///< The token wanted at each.
};

/// Whether the likeliest token is the word's at each of the question's positions.
template <typename T>
[[nodiscard]] bool guesses(const PassageQuestion& question, const model::Matrix<T>& logits);

extern template bool guesses(const PassageQuestion&, const model::Matrix<float>&);
extern template bool guesses(const PassageQuestion&, const model::Matrix<double>&);

}  // namespace plumb::accuracy
