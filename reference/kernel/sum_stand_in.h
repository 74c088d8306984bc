// What takes the place of the arithmetic of linear layers for a while: how diagnosis lets an oracle compute as a wrong
// kernel does, and how it gets to see the summands of every output.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <optional>

#include "reference/quant/quantised_code.h"

namespace plumb {

/// The sums that an output consists of, before anything is rounded.
struct Summands {
  std::int64_t rows, outputs, count;  ///< M, N, and how many summands each output has.
  /// Summand number i of output (m, n): a product, or a group's scaled integer sum. Good during the call only.
  std::function<double(std::int64_t m, std::int64_t n, std::int64_t i)> term;
  std::function<double(std::int64_t n)> bias;
};

/// While it lives, linear layers ask it on this thread. The newest one is asked; what it does not override is as it is.
class SumStandIn {
 public:
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  SumStandIn();
  virtual ~SumStandIn();
  SumStandIn(const SumStandIn&) = delete;
  SumStandIn& operator=(const SumStandIn&) = delete;

  /// May change the activation [M, K] just before it is multiplied: numbers, or int8 codes.
  virtual void change_activation(Matrix& /*x*/) {}
  /// May change a weight [N, K] that is code * scale; not asked where sums are of integers.
  virtual void change_weight(Matrix& /*code*/, Matrix& /*scale*/) {}
  /// The code of one number of an activation; nothing: the right one.
  virtual std::optional<QuantisedCode> code(double /*x*/, double /*scale*/, double /*zero_point*/) {
    return std::nullopt;
  }
  /// The products a * w^T of the codes of one group, [M, group] and [N, group]; nothing: exact ones.
  virtual std::optional<Matrix> integer_sums(const Matrix& /*a*/, const Matrix& /*w*/) { return std::nullopt; }
  /// Is shown what is summed up.
  virtual void see(const Summands& /*summands*/) {}

  /// The one to ask; nullptr if there is none.
  [[nodiscard]] static SumStandIn* current();

 private:
  SumStandIn* outer_;
};

}  // namespace plumb
