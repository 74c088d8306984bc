#include "reference/kernel/code_sums.h"

#include <algorithm>

#include "reference/error.h"

namespace plumb {
namespace {

std::vector<int> codes_of(const Port& port, const Signature& signature, const Tensor& weights) {
  if (port.fill == Fill::codes) return unpack(layout_of(port, signature), extent_of(signature), weights.codes());
  std::vector<int> codes;
  for (std::int64_t i = 0; i < weights.size(); ++i) codes.push_back(static_cast<int>(weights.at(i)));
  return codes;
}

}  // namespace

Tensor code_sums(const Op& op, const Signature& signature, const Tensor& weights) {
  const auto port = std::ranges::find(op.inputs, Fill::code_sums, &Port::fill);
  PLUMB_CHECK(port != op.inputs.end());
  const std::vector<int> codes = codes_of(op.inputs[op.input_index("weights")], signature, weights);
  Tensor sums(dtype_of(*port, op, signature), shape_of(*port, signature));
  const Extent extent = extent_of(signature);
  const std::int64_t padded = sums.shape().back(), groups = padded == 0 ? 1 : sums.size() / padded;
  const std::int64_t group = extent.columns / groups;
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      const std::int64_t at = k / group * padded + n;
      sums.set(at, sums.at(at) + codes[static_cast<std::size_t>(n * extent.columns + k)]);
    }
  }
  return sums;
}

}  // namespace plumb
