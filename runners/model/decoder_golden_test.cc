// The decoder beside transformers' own hidden states, logits and likelihoods: of the built-in model
// (golden/model/model.h5) and of a tiny Llama in shards (golden/families/families.h5).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/golden.h"
#include "reference/model/decoder.h"
#include "runners/model/evaluation_text.h"
#include "runners/model/model_folder.h"

namespace plumb::model {
namespace {

const std::filesystem::path kGolden = PLUMB_SOURCE_DIR "/golden";

/// A model, and what was recorded of it.
struct Recorded {
  std::filesystem::path folder;
  golden::File file;
};
const Recorded& qwen3() {
  static const Recorded model = {kGolden / "model/qwen3-austen", golden::read(kGolden / "model/model.h5")};
  return model;
}
const Recorded& llama() {
  static const Recorded model = {kGolden / "families/llama-tiny", golden::read(kGolden / "families/families.h5")};
  return model;
}

Tensor tensor_of(const golden::Array& array) { return {dtype_from_string(array.dtype), array.shape, array.bytes}; }

Tensor output(const golden::Case& recorded, const std::string& name) {
  return tensor_of(golden::array_named(recorded.outputs, name));
}

// The largest difference, relative to the root mean square of what is wanted; NaN if one of them is.
template <typename T>
double distance(const Matrix<T>& got, const Tensor& want) {
  EXPECT_EQ(got.size(), want.size());
  double squares = 0, worst = 0;
  for (std::int64_t i = 0; i < want.size(); ++i) {
    squares += want.at(i) * want.at(i);
    const double error = std::abs(static_cast<double>(got.data()[i]) - want.at(i));
    if (std::isnan(error) || error > worst) worst = error;  // std::max would pass over NaN
  }
  return worst / std::sqrt(squares / static_cast<double>(want.size()));
}

template <typename T>
void expect_golden(const Recorded& model, const std::string& case_name, double bound) {
  const golden::Case& golden_case = golden::case_named(model.file, case_name);
  const ModelFolder folder(model.folder);
  const Decoder<T> decoder(folder.config(), folder.norms());
  OriginalLinears<T> linears(folder);
  const Tensor recorded = tensor_of(golden_case.inputs[0]);
  std::vector<std::int32_t> tokens;
  for (std::int64_t i = 0; i < recorded.size(); ++i) tokens.push_back(static_cast<std::int32_t>(recorded.at(i)));
  const auto check = [&](std::size_t i, const Matrix<T>& hidden) {
    EXPECT_LE(distance(hidden, output(golden_case, "hidden_" + std::to_string(i))), bound) << "hidden state " << i;
  };
  const Matrix<T> logits = decoder.run(tokens, linears, {.positions = {}, .on_hidden = check});
  EXPECT_LE(distance(logits, output(golden_case, "logits")), bound);
}

// transformers computes norms and softmax in f32 also in its f64 model, so that both records are as exact as f32 is.
TEST(Decoder, HasTheHiddenStatesAndLogitsOfTransformersInF32) { expect_golden<float>(qwen3(), "logits_f32", 2e-5); }
TEST(Decoder, HasTheHiddenStatesAndLogitsOfTransformersInDouble) { expect_golden<double>(qwen3(), "logits_f64", 2e-5); }
TEST(Decoder, HasTheHiddenStatesAndLogitsOfTransformersLlama) {
  expect_golden<float>(llama(), "llama_f32", 2e-5);
  expect_golden<double>(llama(), "llama_f64", 2e-5);
}

TEST(Decoder, HasTheLikelihoodsOfTransformers) {
  const ModelFolder folder(qwen3().folder);
  const Decoder<float> decoder(folder.config(), folder.norms());
  OriginalLinears<float> linears(folder);
  const auto tokens = read_tokens(qwen3().folder / "eval_tokens.npy", folder.config().vocabulary);
  const Tensor nll = output(golden::case_named(qwen3().file, "perplexity_f32"), "nll");
  const std::size_t window = 64;  // of 256: what comes later changes nothing before
  const Matrix<float> logits = decoder.run(std::span(tokens).first(window), linears);
  for (std::size_t i = 0; i + 1 < window; ++i) {
    const auto row = logits.row(static_cast<Eigen::Index>(i)).cast<double>();
    const double sum = std::log((row.array() - row.maxCoeff()).exp().sum()) + row.maxCoeff();
    EXPECT_NEAR(sum - row(tokens[i + 1]), nll.at(static_cast<std::int64_t>(i)), 5e-5) << "token " << i + 1;
  }
}

TEST(Distance, OfNaNIsWithinNoBound) {
  Matrix<float> got = Matrix<float>::Ones(2, 3);
  Tensor want(DType::f32, {2, 3});
  for (std::int64_t i = 0; i < want.size(); ++i) want.set(i, 1);
  EXPECT_EQ(distance(got, want), 0);
  got(0, 1) = NAN;
  EXPECT_TRUE(std::isnan(distance(got, want)));
  EXPECT_FALSE(distance(got, want) <= 1e9);
}

TEST(Decoder, ComputesOnlyTheLogitsThatAreWanted) {
  const ModelFolder folder(qwen3().folder);
  const Decoder<double> decoder(folder.config(), folder.norms());
  OriginalLinears<double> linears(folder);
  const std::vector<std::int32_t> tokens = {0, 5, 7, 300, 2};
  const std::vector<std::int64_t> wanted = {3};
  const Matrix<double> all = decoder.run(tokens, linears);
  const Matrix<double> one = decoder.run(tokens, linears, {.positions = wanted, .on_hidden = {}});
  EXPECT_LE((all.row(3) - one.row(0)).cwiseAbs().maxCoeff<Eigen::PropagateNaN>(), 1e-12);
  // What comes later changes nothing.
  const Matrix<double> shorter = decoder.run(std::span(tokens).first(4), linears);
  EXPECT_LE((all.topRows(4) - shorter).cwiseAbs().maxCoeff<Eigen::PropagateNaN>(), 1e-12);
}

}  // namespace
}  // namespace plumb::model
