#include "impls/cpu/quad_weight.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

namespace plumb::cpu {
namespace {

// With codes below 256 and digits of -128 … 127, sums and what the offset takes from them stay below 2^31.
constexpr std::int64_t kLongestSegment = 16384;
constexpr float kFarthestOffset = 512;

// Scales and offsets of one weight: scale(n, g) and zero(n, g) are asked for every row and group.
template <typename Scale, typename Zero>
bool fill_groups(QuadWeight& quad, int base, const Scale& scale, const Zero& zero) {
  const auto count = static_cast<std::size_t>(quad.blocks * quad.groups() * kQuadBlockRows);
  quad.scale.assign(count, 0.0F);
  quad.offset.assign(count, 0);
  quad.common_offset = 0;
  bool is_common = true;
  for (std::int64_t n = 0; n < quad.rows; ++n) {
    for (std::int64_t g = 0; g < quad.groups(); ++g) {
      const float s = scale(n, g), z = zero(n, g);
      if (!std::isfinite(s) || !(std::abs(z - static_cast<float>(base)) <= kFarthestOffset) || z != std::floor(z))
        return false;
      const auto at =
          static_cast<std::size_t>((n / kQuadBlockRows * quad.groups() + g) * kQuadBlockRows + n % kQuadBlockRows);
      quad.scale[at] = s;
      quad.offset[at] = static_cast<std::int32_t>(z) - base;
      if (n == 0 && g == 0) quad.common_offset = quad.offset[at];
      is_common = is_common && quad.offset[at] == quad.common_offset;
    }
  }
  if (is_common) quad.offset.clear();
  return true;
}

// Four codes, each shifted inside its byte.
void add_quad(const std::uint8_t* from, int shift, std::uint8_t* to) {
  std::uint32_t codes = 0, there = 0;
  std::memcpy(&codes, from, sizeof codes);
  std::memcpy(&there, to, sizeof there);
  there |= codes << shift;
  std::memcpy(to, &there, sizeof there);
}

// Codes of one row: read_row(n, codes) fills all its columns.
template <typename ReadRow>
void fill_codes(QuadWeight& quad, const ReadRow& read_row) {
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(quad.segments * quad.segment));
  quad.codes.assign(static_cast<std::size_t>(quad.blocks * quad.segments * quad.quads * quad.quad_bytes()), 0);
  for (std::int64_t n = 0; n < quad.rows; ++n) {
    const std::int64_t lane = n % 16, upper = n % kQuadBlockRows / 16;
    std::uint8_t* row = quad.codes.data() + n / kQuadBlockRows * quad.segments * quad.quads * quad.quad_bytes() +
                        lane * 4 + (quad.wide ? upper * 64 : 0);
    const int shift = !quad.wide && upper != 0 ? 4 : 0;
    read_row(n, std::span(codes));
    for (std::int64_t s = 0; s < quad.segments; ++s) {
      std::uint8_t* at = row + s * quad.quads * quad.quad_bytes();
      const std::uint8_t* from = codes.data() + s * quad.segment;
      std::int64_t i = 0;
      for (; i + 4 <= quad.segment; i += 4) add_quad(from + i, shift, at + i / 4 * quad.quad_bytes());
      for (; i < quad.segment; ++i) {
        std::uint8_t& byte = at[i / 4 * quad.quad_bytes() + i % 4];
        byte = static_cast<std::uint8_t>(byte | from[i] << shift);
      }
    }
  }
}

// The codes of a row that is stored as codes.
void read_row(const GroupedWeight& weight, std::int64_t n, std::span<std::uint8_t> codes) {
  const std::int64_t count = std::ssize(codes), per_chunk = kWidth * 32 / weight.bits;
  const auto mask = (1U << weight.bits) - 1U;
  for (std::int64_t first = 0; first < count; first += kWidth) {
    const std::int64_t chunk = n / kBlockRows * weight.chunks + first / per_chunk;
    const std::uint32_t* words = weight.words.data() + (chunk * kBlockRows + n % kBlockRows) * kWidth;
    const auto shift = static_cast<unsigned>(first % per_chunk / kWidth * weight.bits);
    std::uint8_t* to = codes.data() + first;
    const std::int64_t here = std::min(kWidth, count - first);
    for (std::int64_t i = 0; i < here; ++i) to[i] = static_cast<std::uint8_t>(words[i] >> shift & mask);
  }
}

std::unique_ptr<QuadWeight> shaped(std::int64_t rows, std::int64_t columns, std::int64_t group, std::int64_t segment,
                                   int bits) {
  auto quad = std::make_unique<QuadWeight>();
  quad->rows = rows;
  quad->segment = segment;
  quad->segments = columns / segment;
  quad->segments_per_group = group / segment;
  quad->quads = (segment + 3) / 4;
  quad->wide = bits > 4;
  quad->blocks = (rows + kQuadBlockRows - 1) / kQuadBlockRows;
  return quad;
}

}  // namespace

std::unique_ptr<QuadWeight> quad_weight(const WeightSource& source, std::int64_t together) {
  const std::int64_t segment = together == 0 ? source.group : std::gcd(source.group, together);
  if (source.adds || segment > kLongestSegment) return nullptr;
  auto quad = shaped(source.rows, source.columns, source.group, segment, source.bits);
  const auto zero = [&](std::int64_t n, std::int64_t g) { return source.zero ? source.zero(n, g) : 0.0F; };
  if (!fill_groups(*quad, source.base, source.scale, zero)) return nullptr;
  fill_codes(*quad, [&](std::int64_t n, std::span<std::uint8_t> codes) { source.code.row(n, codes); });
  return quad;
}

std::unique_ptr<QuadWeight> quad_weight(const GroupedWeight& weight) {
  const std::int64_t group = std::min(weight.group, weight.columns);
  if (weight.bits == 32 || weight.adds || group > kLongestSegment) return nullptr;
  auto quad = shaped(weight.rows, weight.columns, group, group, weight.bits);
  const auto at = [&](std::int64_t n, std::int64_t g) {
    return static_cast<std::size_t>((n / kBlockRows * quad->groups() + g) * kBlockRows + n % kBlockRows);
  };
  if (!fill_groups(
          *quad, weight.base, [&](std::int64_t n, std::int64_t g) { return weight.scale[at(n, g)]; },
          [&](std::int64_t n, std::int64_t g) { return weight.zero[at(n, g)]; }))
    return nullptr;
  fill_codes(*quad, [&](std::int64_t n, std::span<std::uint8_t> codes) { read_row(weight, n, codes); });
  return quad;
}

}  // namespace plumb::cpu
