#include "runners/accuracy/quantised_weight.h"

namespace plumb::accuracy {

template <typename T>
model::Matrix<T> dequantised(const QuantisedWeight& weight, std::int64_t first, std::int64_t count) {
  model::Matrix<T> values(count, weight.columns);
  for (std::int64_t n = 0; n < count; ++n) {
    for (std::int64_t g = 0; g < weight.groups(); ++g) {
      const auto at = static_cast<std::size_t>((first + n) * weight.groups() + g);
      const T scale = weight.scales[at], zero = weight.zeros.empty() ? 0 : weight.zeros[at];
      const T added = weight.added.empty() ? 0 : weight.added[at];
      const std::int16_t* codes = weight.codes.data() + (first + n) * weight.columns + g * weight.group;
      T* to = values.data() + n * weight.columns + g * weight.group;
      for (std::int64_t k = 0; k < weight.group; ++k) to[k] = (static_cast<T>(codes[k]) - zero) * scale + added;
    }
  }
  return values;
}

template model::Matrix<float> dequantised(const QuantisedWeight&, std::int64_t, std::int64_t);
template model::Matrix<double> dequantised(const QuantisedWeight&, std::int64_t, std::int64_t);

std::int64_t PackedWeight::size_bytes() const {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (op->inputs[i].role == Role::constant && op->inputs[i].fill != Fill::code_sums) bytes += inputs[i].size_bytes();
  }
  return bytes;
}

}  // namespace plumb::accuracy
