#include "runners/accuracy/references.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "reference/error.h"
#include "runners/shared_work.h"

namespace plumb::accuracy {
namespace {

constexpr std::int64_t kCalibrationTokens = 128;

using Clock = std::chrono::steady_clock;

// The models, each ready to run; they only read, so that threads may share them.
class Models {
 public:
  Models(const model::ModelFolder& folder, const std::vector<QuantisedModel>& quantised)
      : decoder_(folder.config(), folder.norms()) {
    linears_.push_back(std::make_unique<model::OriginalLinears<float>>(folder));
    for (const QuantisedModel& model : quantised) {
      linears_.push_back(std::make_unique<DequantisedLinears<float>>(folder, model));
    }
  }
  [[nodiscard]] std::size_t size() const { return linears_.size(); }
  [[nodiscard]] model::Matrix<float> run(std::size_t number, std::span<const std::int32_t> tokens,
                                         std::span<const std::int64_t> positions = {}) const {
    return decoder_.run(tokens, *linears_[number], {.positions = positions, .on_hidden = {}});
  }

 private:
  model::Decoder<float> decoder_;
  std::vector<std::unique_ptr<model::Linears<float>>> linears_;
};

// What each model said of one window or passage.
struct Piece {
  std::vector<std::vector<TokenScore>> scores;
  std::vector<double> seconds, guessed;
};

Piece read_window(const Models& models, std::span<const std::int32_t> tokens) {
  Piece piece;
  std::optional<Prediction> original;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto start = Clock::now();
    const model::Matrix<float> logits = models.run(i, tokens);
    piece.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    if (!original) original.emplace(logits, tokens);
    piece.scores.push_back(score(*original, logits));
  }
  return piece;
}

Piece read_passage(const Models& models, const PassageQuestion& question) {
  Piece piece;
  for (std::size_t i = 0; i < models.size(); ++i) {
    piece.guessed.push_back(guesses(question, models.run(i, question.tokens, question.positions)) ? 1 : 0);
  }
  return piece;
}

}  // namespace

CutText::CutText(const EvaluationText& text, const Reading& reading, std::int64_t positions) {
  const std::int64_t all = std::ssize(text.tokens);
  window_ = std::min({reading.window, positions, all});
  if (window_ < 2) throw Error(fmt::format("the text has {} tokens; expected 2 at least", all));
  const std::int64_t count = std::clamp<std::int64_t>(reading.windows, 1, all / window_);
  const std::span<const std::int32_t> tokens = text.tokens;
  for (std::int64_t i = 0; i < count; ++i) {
    windows_.push_back(tokens.subspan(static_cast<std::size_t>(i * window_), static_cast<std::size_t>(window_)));
  }
  const std::int64_t calibration = std::min(kCalibrationTokens, window_);
  const bool spare = all - count * window_ >= calibration;
  calibration_ =
      tokens.subspan(static_cast<std::size_t>(spare ? all - calibration : 0), static_cast<std::size_t>(calibration));
  for (const model::Passage& passage : text.passages) {
    if (std::ssize(passages_) < reading.passages) passages_.emplace_back(passage, window_);
  }
}

std::uint64_t CutText::hash() const {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const auto& window : windows_) {
    for (const std::int32_t token : window) hash = (hash ^ static_cast<std::uint32_t>(token)) * 0x100000001b3;
  }
  return hash;
}

std::vector<ModelFindings> evaluate_references(const model::ModelFolder& folder, const CutText& text,
                                               const std::vector<QuantisedModel>& quantised,
                                               const AccuracyOptions& options) {
  const Models models(folder, quantised);
  const std::int64_t windows = std::ssize(text.windows()), all = windows + std::ssize(text.passages());
  std::vector<std::optional<Piece>> pieces(static_cast<std::size_t>(all));
  const auto read = [&](std::int64_t i) {
    pieces[static_cast<std::size_t>(i)] =
        i < windows ? read_window(models, text.windows()[static_cast<std::size_t>(i)])
                    : read_passage(models, text.passages()[static_cast<std::size_t>(i - windows)]);
  };
  const auto progress = [&](std::int64_t done) {
    options.on_progress("original and dequantised models", static_cast<double>(done) / static_cast<double>(all));
  };
  (void)share_work(all, {std::max(1, options.jobs), progress, options.should_stop}, read);
  std::vector<ModelFindings> findings(models.size());
  for (const auto& piece : pieces) {
    if (!piece) continue;
    for (std::size_t i = 0; i < models.size(); ++i) {
      if (!piece->scores.empty()) {
        findings[i].scores.push_back(piece->scores[i]);
        findings[i].seconds += piece->seconds[i];
      } else {
        findings[i].guessed.push_back(piece->guessed[i]);
      }
    }
  }
  return findings;
}

}  // namespace plumb::accuracy
