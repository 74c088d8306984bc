#include "runners/accuracy/scores.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "reference/error.h"

namespace plumb::accuracy {
namespace {

using Row = Eigen::RowVectorXd;

// ln softmax of a row of logits.
Row log_softmax(const Row& logits) {
  const double most = logits.maxCoeff();
  return (logits.array() - (most + std::log((logits.array() - most).exp().sum()))).matrix();
}

Eigen::Index likeliest(const Row& row) {
  Eigen::Index at = 0;
  (void)row.maxCoeff(&at);
  return at;
}

}  // namespace

template <typename T>
Prediction::Prediction(const model::Matrix<T>& logits, std::span<const std::int32_t> tokens)
    : targets(tokens.begin() + 1, tokens.end()), log_p(std::ssize(targets), logits.cols()) {
  PLUMB_CHECK(logits.rows() == std::ssize(tokens));
  for (Eigen::Index i = 0; i < log_p.rows(); ++i) log_p.row(i) = log_softmax(logits.row(i).template cast<double>());
}

template <typename T>
std::vector<TokenScore> score(const Prediction& reference, const model::Matrix<T>& logits) {
  std::vector<TokenScore> scores;
  for (Eigen::Index i = 0; i < reference.log_p.rows(); ++i) {
    const Row p = reference.log_p.row(i), q = log_softmax(logits.row(i).template cast<double>());
    const std::int32_t token = reference.targets[static_cast<std::size_t>(i)];
    const double kl = (p.array().exp() * (p - q).array()).sum();
    scores.push_back({-q(token), -p(token), kl < 0 ? 0 : kl,  // rounding may take what is nothing below zero; NaN stays
                      std::exp(q(token)) - std::exp(p(token)), likeliest(p) == likeliest(q) ? 1.0 : 0.0});
  }
  return scores;
}

PassageQuestion::PassageQuestion(const model::Passage& passage, std::int64_t most) {
  tokens = passage.context;
  tokens.insert(tokens.end(), passage.word.begin(), passage.word.end());
  if (std::ssize(tokens) > most) tokens.erase(tokens.begin(), tokens.end() - most);
  const std::int64_t length = std::min(std::ssize(passage.word), std::ssize(tokens) - 1);
  word.assign(tokens.end() - length, tokens.end());
  for (std::int64_t i = 0; i < length; ++i) positions.push_back(std::ssize(tokens) - length - 1 + i);
}

template <typename T>
bool guesses(const PassageQuestion& question, const model::Matrix<T>& logits) {
  PLUMB_CHECK(logits.rows() == std::ssize(question.word));
  for (std::size_t i = 0; i < question.word.size(); ++i) {
    if (likeliest(logits.row(static_cast<Eigen::Index>(i)).template cast<double>()) != question.word[i]) return false;
  }
  return true;
}

template Prediction::Prediction(const model::Matrix<float>&, std::span<const std::int32_t>);
template Prediction::Prediction(const model::Matrix<double>&, std::span<const std::int32_t>);
template std::vector<TokenScore> score(const Prediction&, const model::Matrix<float>&);
template std::vector<TokenScore> score(const Prediction&, const model::Matrix<double>&);
template bool guesses(const PassageQuestion&, const model::Matrix<float>&);
template bool guesses(const PassageQuestion&, const model::Matrix<double>&);

}  // namespace plumb::accuracy
