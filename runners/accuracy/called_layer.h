// One layer of a model computed by an implementation, through the C ABI.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "impls/plumbline.h"
#include "reference/error.h"
#include "runners/accuracy/activation.h"
#include "runners/accuracy/quantised_weight.h"

namespace plumb::accuracy {

/// The implementation says that it does not do this legal call.
class NotSupported : public Error {
 public:
  using Error::Error;
};

/// The activation inputs of an operator that takes `weight`, for an activation [M, K] or indices [M]; constant inputs
/// are absent.
[[nodiscard]] std::vector<Tensor> activations_for(const PackedWeight& weight, Activation activation,
                                                  const model::Matrix<double>& x);
[[nodiscard]] std::vector<Tensor> activations_for(const PackedWeight& weight, std::span<const std::int32_t> rows);

/// The same with the constants: what an oracle is asked.
[[nodiscard]] Problem problem_for(const PackedWeight& weight, std::vector<Tensor> activations);

/// A weight prepared by an implementation once, for any number of calls with any number of rows. Memory is guarded and
/// outputs are poisoned.
class CalledLayer {
 public:
  /// Throws NotSupported, or Error if `prepare` fails. `weight` must outlive this; `activations` are of one row.
  CalledLayer(const plumb_impl& impl, const PackedWeight& weight, const std::vector<Tensor>& activations);
  ~CalledLayer();
  CalledLayer(const CalledLayer&) = delete;
  CalledLayer& operator=(const CalledLayer&) = delete;

  /// The operator's first output. Throws Error if the implementation fails, or writes where it must not.
  [[nodiscard]] Tensor run(const std::vector<Tensor>& activations);

  /// What outputs are filled with before a call.
  static constexpr std::byte kPoison{0xFF};  // NaN in every floating-point type

 private:
  enum class Stage { ask, prepare, run };
  template <typename Function>
  plumb_status call(Stage stage, const std::vector<Tensor>& activations, std::byte* output, const Function& function);

  const plumb_impl& impl_;
  const PackedWeight& weight_;
  std::vector<plumb_param> params_;
  void* prepared_ = nullptr;
};

/// A tensor of two dimensions as a matrix.
[[nodiscard]] model::Matrix<double> matrix_of(const Tensor& tensor);

}  // namespace plumb::accuracy
