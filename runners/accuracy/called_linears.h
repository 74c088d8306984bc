// A decoder's layers with an implementation's kernels in them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runners/accuracy/called_layer.h"
#include "runners/accuracy/quantised_model.h"
#include "runners/check.h"

namespace plumb::accuracy {

/// Implementations of one name, by operator.
using Kernels = std::map<std::string, Subject>;

/// Quantised weights that an implementation has a kernel for are multiplied by it; everything else is the dequantised
/// reference, in double.
class CalledLinears final : public model::Linears<double> {
 public:
  /// Prepares all layers. Throws as CalledLayer does; NotSupported if there is no kernel for any layer.
  CalledLinears(const model::ModelFolder& folder, const QuantisedModel& quantised, const Kernels& kernels);

  [[nodiscard]] model::Matrix<double> embed(std::span<const std::int32_t> tokens) override;
  [[nodiscard]] model::Matrix<double> apply(std::size_t linear, const model::Matrix<double>& x) override;

  /// The layer behind a weight's number (see QuantisedModel); nullptr where the reference stands in.
  [[nodiscard]] CalledLayer* layer(std::size_t weight) { return layers_[weight].get(); }
  /// Operators that the implementation lacks: the reference stands in for them.
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  [[nodiscard]] std::unique_ptr<CalledLayer> call(const Kernels& kernels, const PackedWeight& weight,
                                                  const std::vector<Tensor>& activations);

  const model::ModelFolder& folder_;
  const QuantisedModel& quantised_;
  DequantisedLinears<double> reference_;
  std::vector<std::unique_ptr<CalledLayer>> layers_;
  std::vector<std::string> missing_;
};

}  // namespace plumb::accuracy
