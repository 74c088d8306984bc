// A weight that requantisers of signed 4-bit codes stumble over.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "reference/op.h"

namespace plumb {

/// A problem for q4gsw_requant or one of its variants: quotients at and next to each tie between two codes and beyond
/// the codes' range, by scales of either sign, subnormal and zero; infinities among the latents.
[[nodiscard]] inline Problem requant_edges(const Op& op) {
  constexpr std::int64_t kRows = 64, kColumns = 128, kGroup = 64;
  Problem problem{make_signature(op, {{"N", kRows}, {"K", kColumns}, {"group", kGroup}}), {}};
  Tensor latent(DType::f32, {kRows, kColumns}), scales(DType::f32, {kColumns / kGroup, kRows});
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    const double odd = 1 + static_cast<double>(i) * 0x1.2345p-7;
    const double sizes[] = {odd, -odd * 0x1p-20, odd * 0x1p-140, odd * 0x1p100, 0.0};
    scales.set(i, sizes[i % 5]);
  }
  for (std::int64_t i = 0; i < latent.size(); ++i) {
    const std::int64_t n = i / kColumns, k = i % kColumns;
    const double half = static_cast<double>(k % kGroup) / 2 - 12, scale = scales.at(k / kGroup * kRows + n);
    const auto nearest = static_cast<float>(half * scale);
    const float up = std::nextafter(nearest, INFINITY), down = std::nextafter(nearest, -INFINITY);
    latent.set(i, i % 61 == 0 ? (n % 2 == 0 ? INFINITY : -INFINITY) : n % 3 == 0 ? nearest : n % 3 == 1 ? up : down);
  }
  problem.inputs = {std::move(latent), std::move(scales)};
  return problem;
}

}  // namespace plumb
