#include "runners/row_slabs.h"

#include <algorithm>

#include "runners/tile_plan.h"

namespace plumb {
namespace {

// Rows of a slab are a multiple of this: no layout has larger blocks of rows. Others are found out when asked.
constexpr std::int64_t kRows = 64;

// Whether the rows from `first` on lie as those of a weight of their own behind `byte` others.
bool lies_apart(const Layout& layout, Extent whole, std::int64_t first, std::int64_t rows, std::int64_t byte) {
  const Extent slab{rows, whole.columns}, padded = layout.padded(slab), whole_padded = layout.padded(whole);
  return holds_for_some(padded, [&](std::int64_t row, std::int64_t column) {
    for (int bit = 0; bit < layout.bits; ++bit) {
      const BitPosition alone = layout.position(row, column, bit, padded);
      const BitPosition there = layout.position(first + row, column, bit, whole_padded);
      if (there.byte != byte + alone.byte || there.bit != alone.bit) return false;
    }
    return true;
  });
}

// Bytes of a slab; 0 if its rows do not lie apart.
std::int64_t slab_bytes(const Layout& layout, Extent extent, std::int64_t rows, std::int64_t count) {
  const Extent padded = layout.padded({rows, extent.columns});
  if (padded.rows != rows || padded.rows * padded.columns * layout.bits % 8 != 0) return 0;
  const std::int64_t bytes = layout.size_bytes({rows, extent.columns});
  for (const std::int64_t slab : {std::int64_t{0}, std::int64_t{1}, count / 2, count - 1}) {
    const std::int64_t first = slab * rows, own = std::min(rows, extent.rows - first);
    if (own <= 0) continue;
    if (!lies_apart(layout, extent, first, own, slab * bytes)) return 0;
  }
  return bytes;
}

}  // namespace

std::optional<RowSlabs> row_slabs(const Layout& from, const Layout& to, Extent extent, std::int64_t bytes) {
  if (extent.rows <= kRows || extent.columns == 0) return std::nullopt;
  const std::int64_t row_bytes = std::max<std::int64_t>(1, from.size_bytes(extent) / extent.rows);
  const std::int64_t rows = std::max<std::int64_t>(1, bytes / row_bytes / kRows) * kRows;
  const std::int64_t count = (extent.rows + rows - 1) / rows;
  const std::int64_t from_bytes = slab_bytes(from, extent, rows, count), to_bytes = slab_bytes(to, extent, rows, count);
  if (from_bytes == 0 || to_bytes == 0) return std::nullopt;
  return RowSlabs{rows, count, from_bytes, to_bytes};
}

}  // namespace plumb
