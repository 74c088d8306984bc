#include "reference/quant/block_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/quant/affine_blocks.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

enum Eps : std::int64_t { kSmallestNormal, k1e6, k1e5, kEpsilonOfF32 };

}  // namespace

std::vector<Range> block_ranges(const Problem& problem, const Tensor& x) {
  const Signature& signature = problem.signature;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::int64_t blocks = signature["M"] / signature["rows"] * (signature["K"] / signature["group"]);
  std::vector<Range> ranges(static_cast<std::size_t>(blocks), {kInfinity, -kInfinity});
  const BlockGrid grid(signature);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    Range& range = ranges[static_cast<std::size_t>(grid.block(i))];
    const double value = x.at(i);
    if (std::isnan(value) || std::isnan(range.min)) {
      range = {std::nan(""), std::nan("")};
    } else {
      range = {std::min(range.min, value), std::max(range.max, value)};
    }
  }
  return ranges;
}

Param eps_param() {
  return {"eps",
          "what scales are not to fall below: the smallest normal number of the values' type, or a number",
          Param::Kind::choice,
          {kSmallestNormal, k1e6, k1e5, kEpsilonOfF32},
          kSmallestNormal,
          {"smallest_normal", "1e-6", "1e-5", "f32_epsilon"}};
}

double eps_of(const Signature& signature, DType dtype) {
  const TorchArithmetic type(dtype);
  switch (static_cast<Eps>(signature["eps"])) {
    case kSmallestNormal:
      return min_normal(dtype);
    case k1e6:
      return type.rounded(1e-6);
    case k1e5:
      return type.rounded(1e-5);
    case kEpsilonOfF32:
      return type.rounded(0x1p-23);
  }
  return std::nan("");
}

double at_least(double value, double low) { return std::isnan(value) ? value : std::max(value, low); }

std::vector<Constraint> has_elements() { return {{"M > 0 && K > 0", "a block has elements"}}; }

}  // namespace plumb
