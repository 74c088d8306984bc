// A plain linear layer with low-bit weights, any step of which a rebuilt fault can put its own in the place of.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "impls/linear_source.h"
#include "property_tests/faults/kernels.h"

namespace plumb::faults {

/// A weight as `prepare` reads it.
struct PlainWeight {
  std::int64_t rows, columns, group;
  std::vector<float> code;   ///< [N, K], what the codes mean
  std::vector<float> scale;  ///< [N, G]
  std::vector<float> zero;   ///< [N, G]; empty: none
  std::vector<float> bias;   ///< [N]; empty: none
  std::int64_t dynamic;      ///< Columns of x that are quantised to int8 together; 0: none

  [[nodiscard]] std::int64_t groups() const { return columns / group; }
  [[nodiscard]] float& code_at(std::int64_t n, std::int64_t k) {
    return code[static_cast<std::size_t>(n * columns + k)];
  }
  [[nodiscard]] float code_at(std::int64_t n, std::int64_t k) const {
    return code[static_cast<std::size_t>(n * columns + k)];
  }
  [[nodiscard]] float scale_at(std::int64_t n, std::int64_t g) const {
    return scale[static_cast<std::size_t>(n * groups() + g)];
  }
  [[nodiscard]] float zero_at(std::int64_t n, std::int64_t g) const {
    return zero.empty() ? 0 : zero[static_cast<std::size_t>(n * groups() + g)];
  }
};

/// One call of `run`.
struct PlainLayer {
  const Call& call;
  const PlainWeight& w;
  std::vector<float> given;  ///< x [M, K]
  std::vector<float> x;      ///< the same as it is multiplied

  [[nodiscard]] std::int64_t rows() const { return call["M"]; }
  [[nodiscard]] float x_at(std::int64_t m, std::int64_t k) const {
    return x[static_cast<std::size_t>(m * w.columns + k)];
  }
};

/// y[m, n] = sum_k x[m, k] * (code[n, k] - zero[n, g]) * scale[n, g] + bias[n], one product after the other in f32.
class PlainLinear {
 public:
  virtual ~PlainLinear() = default;
  /// Changes the weight once it is read.
  virtual void spoil(const Call& /*call*/, PlainWeight& /*w*/) const {}
  /// The group whose scale and zero point a column gets.
  [[nodiscard]] virtual std::int64_t group_of(const PlainLayer& layer, std::int64_t k) const {
    return k / layer.w.group;
  }
  /// The weight of a column.
  [[nodiscard]] virtual float weight(const PlainLayer& layer, std::int64_t n, std::int64_t k) const;
  /// The sum over all columns, without the bias.
  [[nodiscard]] virtual float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const;
  /// Writes all of y.
  virtual void write(const PlainLayer& layer, const Output& y) const;

 protected:
  /// The sum over some columns, added to `start`.
  [[nodiscard]] float sum_over(const PlainLayer& layer, std::int64_t m, std::int64_t n, std::int64_t first,
                               std::int64_t last, float start = 0) const;
  /// An element of y.
  [[nodiscard]] float value(const PlainLayer& layer, std::int64_t m, std::int64_t n) const;
};

/// A kernel of the operator that takes these steps.
[[nodiscard]] Kernel kernel_of(const char* op, ReadLinear read, std::shared_ptr<const PlainLinear> steps);

}  // namespace plumb::faults
