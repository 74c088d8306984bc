#include "runners/accuracy/implementation_run.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace plumb::accuracy {
namespace {

using Clock = std::chrono::steady_clock;

// Structures of doubles, to and from shared memory.
template <typename T>
std::vector<T> read_all(std::span<const double> numbers) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(double) == 0);
  std::vector<T> values(numbers.size_bytes() / sizeof(T));
  if (!values.empty()) std::memcpy(static_cast<void*>(values.data()), numbers.data(), numbers.size_bytes());
  return values;
}
template <typename T>
void write_all(std::span<double> numbers, const std::vector<T>& values) {
  if (!values.empty()) std::memcpy(numbers.data(), values.data(), values.size() * sizeof(T));
}

}  // namespace

Findings::Findings(const ImplementationQuestion& question)
    : drift_points_(question.drift == nullptr ? 0 : question.drift->reference().weights.size()),
      window_seconds_(std::make_unique<SharedNumbers>(question.windows.size())),
      passages_(std::make_unique<SharedNumbers>(question.passages.size())),
      drift_(std::make_unique<SharedNumbers>(drift_points_ == 0 ? 0 : drift_points_ * kDriftNumbers + 1)) {
  std::size_t all = 0;
  for (const Window& window : question.windows) {
    window_tokens_.push_back(window.dequantised.targets.size());
    all += window_tokens_.back();
  }
  windows_ = std::make_unique<SharedNumbers>(2 * all * kScoreNumbers);
}

std::span<double> Findings::of_window(std::size_t window, Side side) const {
  std::size_t before = 0;
  for (std::size_t i = 0; i < window; ++i) before += 2 * window_tokens_[i];
  if (side == kTotal) before += window_tokens_[window];
  return windows_->numbers().subspan(before * kScoreNumbers, window_tokens_[window] * kScoreNumbers);
}

void Findings::write(std::size_t window, Side side, const std::vector<TokenScore>& scores) const {
  write_all(of_window(window, side), scores);
}

void Findings::find(const ImplementationQuestion& question, const Kernels& kernels) const {
  CalledLinears called(question.folder, question.quantised, kernels);
  if (question.drift != nullptr) {
    const Trace run = trace(question.decoder, called, question.drift_tokens);
    write_all(drift_->numbers(), question.drift->ask(called, kernels, run));
    drift_->numbers().back() = 1;  // finished
  }
  for (std::size_t i = 0; i < question.windows.size(); ++i) {
    const Window& window = question.windows[i];
    const auto start = Clock::now();
    const model::Matrix<double> logits = question.decoder.run(window.tokens, called);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    write(i, kKernel, score(window.dequantised, logits));
    write(i, kTotal, score(window.original, logits));
    window_seconds_->numbers()[i] = seconds;  // finished
  }
  for (std::size_t i = 0; i < question.passages.size(); ++i) {
    const PassageQuestion& passage = question.passages[i];
    const auto logits = question.decoder.run(passage.tokens, called, {.positions = passage.positions, .on_hidden = {}});
    passages_->numbers()[i] = guesses(passage, logits) ? 1 : 0;
  }
}

std::vector<std::vector<TokenScore>> Findings::scores(Side side) const {
  std::vector<std::vector<TokenScore>> all;
  for (std::size_t i = 0; i < window_tokens_.size() && !std::isnan(window_seconds_->numbers()[i]); ++i) {
    all.push_back(read_all<TokenScore>(of_window(i, side)));
  }
  return all;
}

std::vector<double> Findings::guessed() const {
  std::vector<double> hits;
  for (const double hit : passages_->numbers()) {
    if (!std::isnan(hit)) hits.push_back(hit);
  }
  return hits;
}

std::vector<DriftPoint> Findings::drift() const {
  const auto numbers = drift_->numbers();
  if (numbers.empty() || std::isnan(numbers.back())) return {};
  return read_all<DriftPoint>(numbers.first(numbers.size() - 1));
}

double Findings::seconds() const {
  double sum = 0;
  for (const double seconds : window_seconds_->numbers()) sum += std::isnan(seconds) ? 0 : seconds;
  return sum;
}

}  // namespace plumb::accuracy
