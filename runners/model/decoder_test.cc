// The decoder beside a second, plain one: formulas written out token by token, for what no golden has.
#include "reference/model/decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "runners/model/model_folder.h"
#include "runners/model/testing/tiny_model.h"

namespace plumb::model {
namespace {

using Vector = std::vector<double>;

// One token after the other, with keys and values kept, in scalars.
class PlainDecoder {
 public:
  explicit PlainDecoder(const ModelFolder& folder) : folder_(folder), norms_(folder.norms()) {}

  Vector logits(const std::vector<std::int32_t>& tokens) {
    Vector x;
    for (std::size_t position = 0; position < tokens.size(); ++position) {
      x.resize(static_cast<std::size_t>(config().hidden));
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = at(folder_.embedding(), tokens[position] * config().hidden + static_cast<std::int64_t>(i));
      }
      for (std::size_t layer = 0; layer < norms_.layers.size(); ++layer) step(layer, position, x);
    }
    return linear(folder_.linears().size() - 1, normed(x, norms_.last));
  }

 private:
  [[nodiscard]] const Config& config() const { return folder_.config(); }
  static double at(const golden::MappedTensor& tensor, std::int64_t i) {
    float value = 0;
    read_floats(tensor, i, 1, &value);
    return value;
  }

  [[nodiscard]] Vector linear(std::size_t number, const Vector& x) const {
    const golden::MappedTensor& w = folder_.weight(number);
    Vector y(static_cast<std::size_t>(w.shape[0]), 0);
    for (std::size_t n = 0; n < y.size(); ++n) {
      if (folder_.bias(number) != nullptr) y[n] = at(*folder_.bias(number), static_cast<std::int64_t>(n));
      for (std::size_t k = 0; k < x.size(); ++k) y[n] += x[k] * at(w, static_cast<std::int64_t>(n * x.size() + k));
    }
    return y;
  }

  [[nodiscard]] Vector normed(Vector x, const std::vector<float>& weight) const {
    for (std::size_t begin = 0; begin < x.size(); begin += weight.size()) {
      double squares = 0;
      for (std::size_t i = 0; i < weight.size(); ++i) squares += x[begin + i] * x[begin + i];
      const double size = std::sqrt(squares / static_cast<double>(weight.size()) + config().rms_epsilon);
      for (std::size_t i = 0; i < weight.size(); ++i) x[begin + i] *= weight[i] / size;
    }
    return x;
  }

  [[nodiscard]] double frequency(std::size_t i) const {
    double f = std::pow(config().rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config().head_dim));
    if (!config().llama3_rope) return f;
    const Llama3Rope& r = *config().llama3_rope;
    const double wavelength = 2 * std::numbers::pi / f;
    if (wavelength > r.original_positions / r.low_frequency_factor) return f / r.factor;
    if (wavelength < r.original_positions / r.high_frequency_factor) return f;
    const double smooth = (r.original_positions / wavelength - r.low_frequency_factor) /
                          (r.high_frequency_factor - r.low_frequency_factor);
    return (1 - smooth) * f / r.factor + smooth * f;
  }

  void rotate(Vector& x, std::size_t position) const {
    const auto width = static_cast<std::size_t>(config().head_dim);
    for (std::size_t head = 0; head < x.size(); head += width) {
      for (std::size_t i = 0; i < width / 2; ++i) {
        const double angle = static_cast<double>(position) * frequency(i);
        const double a = x[head + i], b = x[head + i + width / 2];
        x[head + i] = a * std::cos(angle) - b * std::sin(angle);
        x[head + i + width / 2] = b * std::cos(angle) + a * std::sin(angle);
      }
    }
  }

  void step(std::size_t layer, std::size_t position, Vector& x) {
    const std::size_t first = layer * kLinearsPerLayer;
    const Norms::Layer& norms = norms_.layers[layer];
    const Vector h = normed(x, norms.attention);
    Vector q = linear(first + kQ, h), k = linear(first + kK, h);
    if (config().family == Family::qwen3) {
      q = normed(q, norms.q);
      k = normed(k, norms.k);
    }
    rotate(q, position);
    rotate(k, position);
    keys_[layer].push_back(k);
    values_[layer].push_back(linear(first + kV, h));
    const Vector attended = linear(first + kO, attend(layer, q));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += attended[i];
    const Vector m = normed(x, norms.mlp);
    Vector gate = linear(first + kGate, m);
    const Vector up = linear(first + kUp, m);
    for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    const Vector down = linear(first + kDown, gate);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += down[i];
  }

  [[nodiscard]] Vector attend(std::size_t layer, const Vector& q) const {
    const auto width = static_cast<std::size_t>(config().head_dim);
    const auto heads = static_cast<std::size_t>(config().heads), kv_heads = static_cast<std::size_t>(config().kv_heads);
    const auto &keys = keys_.at(layer), &values = values_.at(layer);
    Vector joined(q.size(), 0);
    for (std::size_t head = 0; head < heads; ++head) {
      const std::size_t kv = head * kv_heads / heads * width;
      Vector weights;
      double sum = 0;
      for (const Vector& key : keys) {
        double score = 0;
        for (std::size_t i = 0; i < width; ++i) score += q[head * width + i] * key[kv + i];
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(width))));
        sum += weights.back();
      }
      for (std::size_t t = 0; t < keys.size(); ++t) {
        for (std::size_t i = 0; i < width; ++i) joined[head * width + i] += weights[t] / sum * values[t][kv + i];
      }
    }
    return joined;
  }

  const ModelFolder& folder_;
  Norms norms_;
  std::map<std::size_t, std::vector<Vector>> keys_, values_;
};

void expect_as_plain(const nlohmann::json& changes) {
  const TinyModel tiny(changes);
  const ModelFolder folder(tiny.path());
  const std::vector<std::int32_t> tokens = {3, 95, 0, 41, 41, 7, 12};
  const Vector want = PlainDecoder(folder).logits(tokens);
  OriginalLinears<double> linears(folder);
  const Matrix<double> got = Decoder<double>(folder.config(), folder.norms()).run(tokens, linears);
  ASSERT_EQ(got.cols(), std::ssize(want));
  double size = 0, worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    size = std::max(size, std::abs(want[i]));
    const double error = std::abs(got(got.rows() - 1, static_cast<Eigen::Index>(i)) - want[i]);
    if (std::isnan(error) || error > worst) worst = error;  // std::max would pass over NaN
  }
  EXPECT_LE(worst, 1e-5 * size) << changes;  // angles are rounded to f32
  OriginalLinears<float> narrow(folder);
  const Matrix<float> f32 = Decoder<float>(folder.config(), folder.norms()).run(tokens, narrow);
  EXPECT_LE((f32.cast<double>() - got).cwiseAbs().maxCoeff<Eigen::PropagateNaN>(), 1e-4 * size) << changes;
}

TEST(Decoder, Qwen3IsAsTheFormulasSay) { expect_as_plain({}); }
TEST(Decoder, LlamaIsAsTheFormulasSay) {
  expect_as_plain({{"architectures", {"LlamaForCausalLM"}}, {"tie_word_embeddings", false}});
}
TEST(Decoder, BiasesAreAdded) {
  expect_as_plain({{"architectures", {"LlamaForCausalLM"}}, {"attention_bias", true}, {"mlp_bias", true}});
}
TEST(Decoder, Llama3StretchesLongWaves) {
  expect_as_plain({{"architectures", {"LlamaForCausalLM"}},
                   {"head_dim", 32},
                   {"rope_parameters",
                    {{"rope_type", "llama3"},
                     {"rope_theta", 500000.0},
                     {"factor", 32.0},
                     {"low_freq_factor", 1.0},
                     {"high_freq_factor", 4.0},
                     {"original_max_position_embeddings", 256}}}});
}

}  // namespace
}  // namespace plumb::model
