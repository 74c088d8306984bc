#include "impls/cpu/grouped_weight.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

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

// The words of row n of the blocks: `stored` are those of all its columns, padded.
void fill_row(std::int64_t n, std::span<const std::uint32_t> stored, GroupedWeight& weight) {
  const std::int64_t per_word = 32 / weight.bits;
  const std::uint32_t* from = stored.data();
  for (std::int64_t chunk = 0; chunk < weight.chunks; ++chunk) {
    const std::int64_t first = ((n / kBlockRows * weight.chunks + chunk) * kBlockRows + n % kBlockRows) * kWidth;
    std::uint32_t* words = weight.words.data() + first;
    for (std::int64_t j = 0; j < per_word; ++j, from += kWidth) {
      for (std::int64_t i = 0; i < kWidth; ++i) words[i] |= from[i] << j * weight.bits;
    }
  }
}

void fill_words(const WeightSource& source, GroupedWeight& weight) {
  weight.words.resize(static_cast<std::size_t>(weight.blocks * weight.chunks * kBlockRows * kWidth));
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(source.columns));
  std::vector<std::uint32_t> stored(static_cast<std::size_t>(weight.chunks * kWidth * 32 / weight.bits));
  for (std::int64_t n = 0; n < weight.blocks * kBlockRows; ++n) {
    const std::int64_t row = std::min(n, source.rows - 1);
    if (weight.bits == 32) {
      for (std::int64_t k = 0; k < source.columns; ++k) {
        stored[static_cast<std::size_t>(k)] = std::bit_cast<std::uint32_t>(dequantised(source, row, k));
      }
    } else {
      source.code.row(row, codes);
      std::ranges::copy(codes, stored.begin());
    }
    std::fill(stored.begin() + source.columns, stored.end(), stored[codes.size() - 1]);
    fill_row(n, stored, weight);
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
