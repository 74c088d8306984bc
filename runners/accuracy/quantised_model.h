// A model under a scheme: quantised and packed weights, and the decoder's layers that multiply with what they stand
// for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runners/accuracy/scheme.h"
#include "runners/model/model_folder.h"

namespace plumb::accuracy {

/// One weight of a quantised model.
struct QuantisedLayer {
  Part part;
  QuantisedWeight weight;
  PackedWeight packed;
};

/// A model of which some weights are quantised. Weights are numbered as the model's linear layers; behind them comes
/// the embedding.
struct QuantisedModel {
  Scheme scheme;
  std::vector<std::optional<QuantisedLayer>> layers;  ///< By number; nothing where a weight stays as it is.
  std::optional<PackedWeight> table;                  ///< The embedding as its operator takes it, if there is one.

  /// Bits of codes, scales and zero points per quantised weight, from the packed bytes.
  [[nodiscard]] double bits_per_weight() const;
  /// The same over all matrices of the model; those that stay as they are count as stored.
  [[nodiscard]] double model_bits_per_weight(const model::ModelFolder& folder) const;
};

/// Which part of the scheme each weight gets; nullptr: it stays as it is.
using Assignment = std::vector<const Part*>;
/// Of a scheme that is no mix.
[[nodiscard]] Assignment assign(const Scheme& scheme, const model::ModelFolder& folder);

/// Quantises and packs, weights shared by `threads`. Throws Error naming scheme and tensor where a group does not
/// divide the columns, the operator forbids the shape, or a weight is not finite.
[[nodiscard]] QuantisedModel quantise(const Scheme& scheme, const Assignment& assignment,
                                      const model::ModelFolder& folder, int threads);

/// The name of weight number `weight`: that of the linear layer, or the embedding's.
[[nodiscard]] std::string weight_name(const model::ModelFolder& folder, std::size_t weight);

/// A decoder's layers as the scheme's operators define them: with dequantised weights, and with activations of the
/// operator's type or quantised where that is part of its definition. What is not quantised is the original.
template <typename T>
class DequantisedLinears final : public model::Linears<T> {
 public:
  DequantisedLinears(const model::ModelFolder& folder, const QuantisedModel& quantised)
      : folder_(folder), original_(folder), quantised_(quantised) {}
  [[nodiscard]] model::Matrix<T> embed(std::span<const std::int32_t> tokens) override;
  [[nodiscard]] model::Matrix<T> apply(std::size_t linear, const model::Matrix<T>& x) override;

 private:
  const model::ModelFolder& folder_;
  model::OriginalLinears<T> original_;
  const QuantisedModel& quantised_;
};

extern template class DequantisedLinears<float>;
extern template class DequantisedLinears<double>;

}  // namespace plumb::accuracy
