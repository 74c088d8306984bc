#include "runners/accuracy/activation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb::accuracy {
namespace {

using model::Matrix;

// q = clamp(rne(x * (1 / scale)) + zero_point, -128, 127), and (q - zero_point) * scale of it.
template <typename T>
Matrix<T> quantised_and_back(const Matrix<float>& x) {
  const RowParameters rows = choose_row_parameters(x);
  Matrix<T> result(x.rows(), x.cols());
  for (Eigen::Index m = 0; m < x.rows(); ++m) {
    const float scale = rows.scales[static_cast<std::size_t>(m)], reciprocal = 1.0F / scale;
    const auto zero = static_cast<float>(rows.zero_points[static_cast<std::size_t>(m)]);
    for (Eigen::Index k = 0; k < x.cols(); ++k) {
      const float code = std::clamp(std::nearbyint(x(m, k) * reciprocal) + zero, -128.0F, 127.0F);
      result(m, k) = static_cast<T>(code - zero) * static_cast<T>(scale);
    }
  }
  return result;
}

}  // namespace

RowParameters choose_row_parameters(const Matrix<float>& x) {
  RowParameters parameters;
  for (Eigen::Index m = 0; m < x.rows(); ++m) {
    const float low = std::min(x.row(m).minCoeff(), 0.0F), high = std::max(x.row(m).maxCoeff(), 0.0F);
    const float scale = std::max((high - low) / 255.0F, std::numeric_limits<float>::epsilon());
    parameters.scales.push_back(scale);
    const float zero = std::clamp(-128.0F - std::nearbyint(low / scale), -128.0F, 127.0F);
    parameters.zero_points.push_back(static_cast<std::int8_t>(zero));
  }
  return parameters;
}

template <typename T>
Matrix<T> as_prescribed(Activation activation, const Matrix<T>& x) {
  const Matrix<float> narrow = x.template cast<float>();
  switch (activation) {
    case Activation::f32:
      return narrow.template cast<T>();
    case Activation::f16:
      return narrow.template cast<Eigen::half>().template cast<float>().template cast<T>();
    case Activation::int8_rows:
      break;
  }
  return quantised_and_back<T>(narrow);
}

template Matrix<float> as_prescribed(Activation, const Matrix<float>&);
template Matrix<double> as_prescribed(Activation, const Matrix<double>&);

}  // namespace plumb::accuracy
