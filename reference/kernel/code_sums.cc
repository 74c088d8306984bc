#include "reference/kernel/code_sums.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "reference/error.h"
#include "reference/layout/code_rows.h"

namespace plumb {
namespace {

// One row of the weight.
std::vector<int> codes_of(const Port& port, const Signature& signature, const Tensor& weights, std::int64_t row) {
  const Extent extent = extent_of(signature);
  std::vector<int> codes(static_cast<std::size_t>(extent.columns));
  if (port.fill == Fill::codes) {
    read_rows(layout_of(port, signature), extent, weights.codes(), row, codes);
  } else {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      codes[static_cast<std::size_t>(k)] = static_cast<int>(weights.at(row * extent.columns + k));
    }
  }
  return codes;
}

}  // namespace

Tensor code_sums(const Op& op, const Signature& signature, const Tensor& weights) {
  const auto port = std::ranges::find(op.inputs, Fill::code_sums, &Port::fill);
  PLUMB_CHECK(port != op.inputs.end());
  const Port& weight = op.inputs[op.input_index("weights")];
  Tensor sums(dtype_of(*port, op, signature), shape_of(*port, signature));
  const Extent extent = extent_of(signature);
  const std::int64_t padded = sums.shape().back(), groups = padded == 0 ? 1 : sums.size() / padded;
  const std::int64_t group = extent.columns / groups;
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    const std::vector<int> codes = codes_of(weight, signature, weights, n);
    for (std::int64_t g = 0; g < groups; ++g) {
      sums.set(g * padded + n, std::accumulate(codes.begin() + g * group, codes.begin() + (g + 1) * group, 0));
    }
  }
  return sums;
}

}  // namespace plumb
