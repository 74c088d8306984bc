#include "runners/result_scale.h"

#include <algorithm>
#include <cmath>

#include "runners/products.h"

namespace plumb {
namespace {

double root_mean_square(const Tensor& tensor) {
  double squares = 0;
  for (std::int64_t i = 0; i < tensor.size(); ++i) squares += tensor.at(i) * tensor.at(i);
  return tensor.size() == 0 ? 0 : std::sqrt(squares / static_cast<double>(tensor.size()));
}

}  // namespace

double typical_result(const Op& op, const Signature& signature, std::span<const Tensor> inputs) {
  constexpr double kCode = 74, kCodeWithoutZeroPoint = 104;  // root mean squares of uniform ones
  const bool sums = !op.products.empty();
  double scale = sums ? 1 : 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (op.inputs[i].fill != Fill::scale) continue;
    const double usual = root_mean_square(inputs[i]);
    scale = sums ? scale * usual : std::max(scale, usual);
  }
  if (!sums) return scale * kCodeWithoutZeroPoint;
  return scale * kCodeWithoutZeroPoint * kCode * std::sqrt(static_cast<double>(products_of_element(op, signature)));
}

}  // namespace plumb
