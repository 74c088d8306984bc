// A quantised weight before it is packed, and after, as an operator takes it.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/model/decoder.h"
#include "reference/op.h"

namespace plumb::accuracy {

/// w[n, k] = (code[n, k] - zero[n, k / group]) * scale[n, k / group] + added[n, k / group].
struct QuantisedWeight {
  std::int64_t rows, columns, group;
  std::vector<std::int16_t> codes;  ///< [rows, columns]
  std::vector<float> scales;        ///< [rows, columns / group]
  std::vector<float> zeros = {};    ///< The same; empty: none.
  std::vector<float> added = {};    ///< The same; empty: none.

  [[nodiscard]] std::int64_t groups() const { return columns / group; }
};

/// Rows [first, first + count) of what the codes stand for: exact in double, each operation rounded in float.
template <typename T>
[[nodiscard]] model::Matrix<T> dequantised(const QuantisedWeight& weight, std::int64_t first, std::int64_t count);

extern template model::Matrix<float> dequantised(const QuantisedWeight&, std::int64_t, std::int64_t);
extern template model::Matrix<double> dequantised(const QuantisedWeight&, std::int64_t, std::int64_t);

/// The operator that multiplies with (or looks rows up in) a packed weight, and its constant inputs.
struct PackedWeight {
  const Op* op;
  Sizes params;                ///< Those that shapes do not tell.
  std::vector<Tensor> inputs;  ///< In the operator's order; activations are absent.

  /// Bytes of codes, scales and zero points: of all constants but sums of codes, which follow from these.
  [[nodiscard]] std::int64_t size_bytes() const;
};

}  // namespace plumb::accuracy
