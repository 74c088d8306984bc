// The built-in model beside what transformers and torchao recorded of it: golden/model/model.h5.
#include <gtest/gtest.h>

#include <cmath>

#include "golden/golden.h"
#include "reference/sanitized.h"
#include "runners/accuracy/references.h"

namespace plumb::accuracy {
namespace {

const std::filesystem::path kFolder = PLUMB_SOURCE_DIR "/golden/model/qwen3-austen";

struct Recorded {
  const char* name;
  const char* scheme;  ///< nullptr: the original.
};
constexpr Recorded kRecorded[] = {
    {"perplexity_f32", nullptr},
    {"perplexity_int2_g32", "torchao.intx2:g32"},
    {"perplexity_int4_g32", "torchao.intx4:g32"},
    {"perplexity_int4_g128", "torchao.intx4:g128"},
    {"perplexity_int4_channel", "torchao.intx4:row"},
    {"perplexity_int8_channel", "torchao.intx8:row"},
};

const golden::Case& recorded_case(const char* name) {
  static const golden::File file = golden::read(PLUMB_SOURCE_DIR "/golden/model/model.h5");
  return golden::case_named(file, name);
}

Tensor output(const char* case_name, const char* name) {
  const golden::Array& array = golden::array_named(recorded_case(case_name).outputs, name);
  return {dtype_from_string(array.dtype), array.shape, array.bytes};
}

double number(const char* case_name, const char* attribute) {
  return std::get<double>(recorded_case(case_name).attributes.at(attribute));
}

// A window's likelihoods do not depend on what comes after them: under sanitizers a part of the first is enough, which
// leaves no room for passages.
constexpr Reading kReading = {
    .window = kSanitized ? 24 : 256, .windows = 1, .passages = kSanitized ? 0 : 12, .drift_tokens = 0};

TEST(ModelGolden, EachSchemePredictsWhatTorchaosModelDoes) {
  const model::ModelFolder folder(kFolder);
  const EvaluationText read = {model::read_tokens(kFolder / "eval_tokens.npy", folder.config().vocabulary),
                               model::read_passages(kFolder / "eval_passages.json",
                                                    model::Tokenizer(kFolder / "tokenizer.json"), kReading.passages)};
  const CutText text(read, kReading, folder.config().positions);
  std::vector<QuantisedModel> models;
  for (const Recorded& recorded : std::span(kRecorded).subspan(1)) {
    const Scheme scheme = parse_scheme(recorded.scheme);
    models.push_back(quantise(scheme, assign(scheme, folder), folder, 2));
  }
  const std::vector<ModelFindings> findings =
      evaluate_references(folder, text, models, {.reading = kReading, .jobs = 2});
  ASSERT_EQ(findings.size(), std::size(kRecorded));
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const char* name = kRecorded[i].name;
    const Tensor nll = output(name, "nll"), hits = output(name, "last_word_hits");
    ASSERT_EQ(findings[i].scores.size(), 1U);
    const std::vector<TokenScore>& window = findings[i].scores[0];
    ASSERT_EQ(std::ssize(window), kReading.window - 1);
    for (std::size_t t = 0; t < window.size(); ++t) {
      EXPECT_NEAR(window[t].nll, nll.at(static_cast<std::int64_t>(t)), 1e-4) << name << " token " << t + 1;
    }
    ASSERT_EQ(std::ssize(findings[i].guessed), kReading.passages);
    for (std::size_t p = 0; p < findings[i].guessed.size(); ++p) {
      EXPECT_EQ(findings[i].guessed[p], hits.at(static_cast<std::int64_t>(p))) << name << " passage " << p;
    }
  }
}

// What is recorded of all 64 windows, from their recorded likelihoods.
TEST(ModelGolden, PerplexityAndItsErrorAreWhatIsRecorded) {
  for (const Recorded& recorded : kRecorded) {
    const Tensor nll = output(recorded.name, "nll");
    const std::int64_t tokens = nll.shape()[1];
    Scores scores(static_cast<std::size_t>(nll.shape()[0]));
    for (std::int64_t i = 0; i < nll.size(); ++i) {
      scores[static_cast<std::size_t>(i / tokens)].push_back({.nll = nll.at(i)});
    }
    const Cost cost = cost_of(scores);
    EXPECT_EQ(cost.tokens, 64 * 255);
    EXPECT_NEAR(cost.perplexity / number(recorded.name, "perplexity"), 1, 1e-6) << recorded.name;
    EXPECT_NEAR(cost.perplexity_error / number(recorded.name, "standard_error"), 1, 1e-4) << recorded.name;
  }
}

}  // namespace
}  // namespace plumb::accuracy
