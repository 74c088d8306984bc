// For unit tests: half-quadratic quantisation in f32 as a kernel does it, with sums in some order, and with faults.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace plumb {

/// One way to compute it.
class EmulatedHqq {
 public:
  struct Options {
    unsigned order = 0;           ///< Which order sums are taken in.
    int iterations = 20;          ///< At most.
    bool rounds_zero = true;      ///< Of 4-bit codes, at first.
    bool rounds_half_up = false;  ///< Instead of to even, and away from a tie by a thousandth.
    double growth = 1.01;         ///< Of 1/b in each iteration.
    bool shrinks = true;          ///< Errors; else they are taken to be zero.
    bool divides = false;         ///< (2^bits - 1) / range, instead of multiplying with the reciprocal.
    bool stops_early = true;
  };
  struct Result {
    std::vector<float> codes, scale, zero;
  };

  explicit EmulatedHqq(const Options& options) : options_(options), random_(options.order + 1) {}

  /// Groups are neighbours; zeros are raw.
  Result with_zeros(const std::vector<float>& w, std::int64_t group, std::int64_t bits) {
    const auto high = static_cast<float>((1 << bits) - 1);
    const auto length = static_cast<std::size_t>(group);
    Result result;
    for (std::size_t first = 0; first < w.size(); first += length) {
      const auto at = w.begin() + static_cast<std::ptrdiff_t>(first), end = at + static_cast<std::ptrdiff_t>(length);
      bool any_nan = std::any_of(at, end, [](float v) { return v != v; });
      const float min = any_nan ? NAN : *std::min_element(at, end), range = *std::max_element(at, end) - min;
      const float ratio = options_.divides ? high / range : 1 / range * high;
      result.scale.push_back(ratio > 2e4F ? 2e4F : ratio);
      const float zero = -min * result.scale.back();
      result.zero.push_back(bits == 4 && options_.rounds_zero ? std::nearbyint(zero) : zero);
    }
    improve(w, length, high, result);
    for (std::size_t i = 0; i < w.size(); ++i) {
      result.codes.push_back(code(w[i] * result.scale[i / length] + result.zero[i / length], 0, high));
    }
    for (float& scale : result.scale) scale = 1 / scale;
    return result;
  }

  Result scale_only(const std::vector<float>& w, std::int64_t group, std::int64_t low, std::int64_t high) {
    const auto length = static_cast<std::size_t>(group);
    const auto least = static_cast<float>(low), most = static_cast<float>(high);
    Result result;
    for (std::size_t first = 0; first < w.size(); first += length) {
      float largest = 0;
      for (std::size_t i = first; i < first + length; ++i) largest = std::max(largest, std::abs(w[i]));
      result.scale.push_back(std::max(largest / std::max(-least, most), 0x1p-23F));
    }
    for (int i = 0; i < options_.iterations; ++i) {
      float change = 0;
      for (std::size_t g = 0; g < result.scale.size(); ++g)
        change = std::max(change, fit(w, length, g, least, most, result.scale[g]));
      if (change < 1e-5F) break;
    }
    for (std::size_t i = 0; i < w.size(); ++i)
      result.codes.push_back(code(w[i] / result.scale[i / length], least, most));
    return result;
  }

 private:
  float code(float x, float low, float high) const {
    const float whole = options_.rounds_half_up ? std::floor(x + 0.501F) : std::nearbyint(x);
    return whole != whole ? whole : std::min(std::max(whole, low), high);
  }

  float sum(std::vector<float>& terms) {
    if (options_.order == 1) std::reverse(terms.begin(), terms.end());
    if (options_.order > 2) std::shuffle(terms.begin(), terms.end(), random_);
    const std::size_t block = options_.order == 2 ? 8 : terms.size();
    float total = 0;
    for (std::size_t first = 0; first < terms.size(); first += block) {
      float part = 0;
      for (std::size_t i = first; i < std::min(terms.size(), first + block); ++i) part += terms[i];
      total += part;
    }
    return total;
  }

  float shrunk(float d, float b) const {
    if (!options_.shrinks) return 0;
    const float m = std::abs(d), rest = m - b * std::pow(m, -0.3F);
    return std::copysign(rest < 0 ? 0 : rest, d);
  }

  void improve(const std::vector<float>& w, std::size_t length, float high, Result& result) {
    float best = 1e4F;
    double beta = 10;
    for (int n = 0; n < options_.iterations; ++n) {
      const auto b = static_cast<float>(1 / beta);
      beta *= options_.growth;
      std::vector<float> errors;
      for (std::size_t g = 0; g < result.scale.size(); ++g) {
        const float s = result.scale[g], z = result.zero[g];
        std::vector<float> terms;
        for (std::size_t i = g * length; i < (g + 1) * length; ++i) {
          const float q = code(w[i] * s + z, 0, high), d = w[i] - (q - z) / s;
          terms.push_back(q - (w[i] - shrunk(d, b)) * s);
          errors.push_back(std::abs(d));
        }
        result.zero[g] = sum(terms) / static_cast<float>(length);
      }
      const float error = sum(errors) / static_cast<float>(w.size());
      if (options_.stops_early && !(error < best)) break;
      best = error;
    }
  }

  // Replaces a block's scale by the one that fits its codes best. Returns the relative change.
  float fit(const std::vector<float>& w, std::size_t length, std::size_t g, float low, float high, float& scale) {
    std::vector<float> products, squares;
    for (std::size_t i = g * length; i < (g + 1) * length; ++i) {
      const float q = code(w[i] / scale, low, high);
      products.push_back(w[i] * q);
      squares.push_back(q * q);
    }
    const float before = scale, square = sum(squares);
    scale = std::max(square > 0 ? sum(products) / square : before, 0x1p-23F);
    return std::abs(scale - before) / before;
  }

  Options options_;
  std::minstd_rand random_;
};

}  // namespace plumb
