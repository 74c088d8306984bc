#include "impls/cpu/grouped_weight.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plumb::cpu {
namespace {

bool fits_vectors(const WeightSource& source) { return source.group % kWidth == 0 || source.group >= source.columns; }

// (base + code - zero) * scale with the roundings of the kernels' own dequantisation; fma, as products of the added
// form are not rounded where the machine fuses them.
float dequantised(const WeightSource& source, std::int64_t n, std::int64_t k) {
  const std::int64_t g = k / source.group;
  const auto code = static_cast<float>(source.base + static_cast<int>(source.code(n, k)));
  const float zero = source.zero ? source.zero(n, g) : 0;
  return source.adds ? std::fma(code, source.scale(n, g), zero) : (code - zero) * source.scale(n, g);
}

void fill_words(const WeightSource& source, GroupedWeight& weight) {
  const std::int64_t per_word = 32 / weight.bits, per_chunk = kWidth * per_word;
  weight.words.resize(static_cast<std::size_t>(weight.blocks * weight.chunks * kBlockRows * kWidth));
  for (std::int64_t n = 0; n < weight.blocks * kBlockRows; ++n) {
    const std::int64_t row = std::min(n, source.rows - 1);
    for (std::int64_t k = 0; k < weight.chunks * per_chunk; ++k) {
      const std::int64_t column = std::min(k, source.columns - 1), chunk = k / per_chunk, in_chunk = k % per_chunk;
      const std::int64_t word =
          ((n / kBlockRows * weight.chunks + chunk) * kBlockRows + n % kBlockRows) * kWidth + in_chunk % kWidth;
      const std::uint32_t stored =
          weight.bits == 32 ? std::bit_cast<std::uint32_t>(dequantised(source, row, column)) : source.code(row, column);
      weight.words[static_cast<std::size_t>(word)] |= stored << in_chunk / kWidth * weight.bits;
    }
  }
}

void fill_groups(const WeightSource& source, GroupedWeight& weight) {
  const std::int64_t groups = (weight.columns + weight.group - 1) / weight.group;
  for (std::int64_t block = 0; block < weight.blocks; ++block) {
    for (std::int64_t g = 0; g < groups; ++g) {
      for (std::int64_t r = 0; r < kBlockRows; ++r) {
        const std::int64_t n = std::min(block * kBlockRows + r, source.rows - 1);
        weight.scale.push_back(weight.bits == 32 ? 1 : source.scale(n, g));
        weight.zero.push_back(weight.bits == 32 || !source.zero ? 0 : source.zero(n, g));
      }
    }
  }
}

}  // namespace

GroupedWeight::GroupedWeight(const WeightSource& source)
    : rows(source.rows),
      columns(source.columns),
      group(fits_vectors(source) ? source.group : source.columns),
      bits(fits_vectors(source) ? source.bits : 32),
      base(source.base),
      adds(source.adds && bits != 32),
      blocks((rows + kBlockRows - 1) / kBlockRows),
      chunks((columns + kWidth * 32 / bits - 1) / (kWidth * 32 / bits)) {
  fill_words(source, *this);
  fill_groups(source, *this);
}

GroupedWeight::GroupedWeight(const LinearSource& source) : GroupedWeight(source.weight) {
  factors = whole_vectors(source.factors);
  bias = whole_vectors(source.bias);
  dynamic = source.dynamic;
  rounds_before_bias = source.rounds_before_bias;
  activation = source.activation;
}

std::vector<float> whole_vectors(std::vector<float> values) {
  values.resize((values.size() + kWidth - 1) / kWidth * kWidth);
  return values;
}

}  // namespace plumb::cpu
