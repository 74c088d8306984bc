// For unit tests: weights whose groups hold what quantisers of floats trip over, infinities and NaN among them.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "reference/ops.h"

namespace plumb {

/// Problems for a quantiser of one weight [N, K] in groups: one group of each kind a row, without and with infinities
/// and NaN. (Where these stop an iteration for all groups, the first problem is the one that iterates.)
[[nodiscard]] inline std::vector<Problem> not_finite_weights(const Op& op, const Sizes& params) {
  constexpr std::int64_t kRows = 8, kColumns = 48, kGroup = 16;
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  std::vector<Problem> problems;
  for (const std::vector<double>& specials : {std::vector<double>{0, -0.0, 0x1p-149, -0x1p-130, 7.5},
                                              {infinity, 1},
                                              {-infinity, 2},
                                              {infinity, -infinity},
                                              {nan},
                                              {nan, infinity, 3}}) {
    Sizes sizes = params;
    sizes.insert({{"N", kRows}, {"K", kColumns}, {"group", kGroup}});
    Problem problem{make_signature(op, sizes), {Tensor(DType::f32, {kRows, kColumns})}};
    for (std::int64_t i = 0; i < kRows * kColumns; ++i) {
      const std::int64_t group = i / kGroup, place = i % kGroup;
      const double plain = std::ldexp(static_cast<double>(place * 7 % 16) - 6.5, static_cast<int>(group % 4) - 3);
      const bool is_special = group % 3 == 1 && (place == group % kGroup || place == 15 || group == 4);
      problem.inputs[0].set(i, is_special ? specials[static_cast<std::size_t>(place) % specials.size()] : plain);
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

/// The quantisers of such weights, with parameters.
struct NotFiniteCase {
  const char* op;
  Sizes params;
};
inline const NotFiniteCase kNotFiniteCases[] = {
    {"quantize_plain_int4", {}},
    {"quantize_plain_int4", {{"symmetric", 1}}},
    {"quantize_hqq", {}},
    {"quantize_hqq", {{"bits", 2}, {"raw", 1}}},
    {"quantize_hqq", {{"optimize", 0}, {"param", static_cast<std::int64_t>(DType::f16)}}},
    {"quantize_hqq_scale_only", {}},
    {"quantize_hqq_scale_only", {{"quant_min", 0}, {"quant_max", 15}, {"code", static_cast<std::int64_t>(DType::i8)}}},
};

}  // namespace plumb
