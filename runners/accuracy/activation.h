// What operators do to an activation before they multiply with it, where that is part of their definition.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/model/decoder.h"

namespace plumb::accuracy {

/// The type of an operator's activation, or that it is quantised.
enum class Activation {
  f32,
  f16,
  int8_rows,  ///< Each row to int8, with a scale and a zero point from its smallest and largest element.
};

/// Scale and zero point of each row.
struct RowParameters {
  std::vector<float> scales;
  std::vector<std::int8_t> zero_points;
};

/// mn = min(row, 0), mx = max(row, 0), scale = max((mx - mn) / 255, eps), zero_point = clamp(-128 - rne(mn / scale),
/// -128, 127), all in f32; eps is f32's. Source: torch's quantized_decomposed.choose_qparams_per_token_asymmetric as
/// ExecuTorch calls it for 8da4w; what choose_qparams_affine with mapping=asymmetric gives.
[[nodiscard]] RowParameters choose_row_parameters(const model::Matrix<float>& x);

/// The activation as an operator's definition multiplies with it: of its type, or quantised and back.
template <typename T>
[[nodiscard]] model::Matrix<T> as_prescribed(Activation activation, const model::Matrix<T>& x);

extern template model::Matrix<float> as_prescribed(Activation, const model::Matrix<float>&);
extern template model::Matrix<double> as_prescribed(Activation, const model::Matrix<double>&);

}  // namespace plumb::accuracy
