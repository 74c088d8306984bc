// Which part of a weight can be moved from one packed layout to another by whole tiles, and how: derived from the two
// index maps, and from nothing else that is known of a layout.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/tile_program.h"

namespace plumb {

/// Tiles of `tile_columns` columns follow each other in bands of `tile_rows` rows. In layouts whose bytes hold columns
/// that lie a stride apart, a tile has such columns in each of the `column_span` long parts of a row.
struct TilePlan {
  TileProgram program;
  std::int64_t tile_rows, tile_columns, column_span, tiles_per_band;
  std::vector<std::int64_t> from_offset, to_offset;  ///< Of a tile's blocks.
  std::int64_t from_stride, to_stride;               ///< Bytes from tile to tile of a band.
  /// Where each band's first tile begins; -1 for bands whose codes lie otherwise.
  std::vector<std::int64_t> from_base, to_base;

  [[nodiscard]] bool moves_band(std::int64_t band) const {
    return band < static_cast<std::int64_t>(from_base.size()) && from_base[static_cast<std::size_t>(band)] >= 0;
  }
  /// Columns of each span that tiles hold, in a row of a band that is moved.
  [[nodiscard]] std::int64_t covered_columns() const { return tiles_per_band * tile_columns; }
};

/// Nothing if the layouts have no such tiles, or the weight is smaller than one.
[[nodiscard]] std::optional<TilePlan> plan_tiles(const Layout& from, const Layout& to, int add, Extent extent);

/// Whether the layout keeps a weight of this extent as it keeps one of a single row of as many codes.
[[nodiscard]] bool is_flat(const Layout& layout, Extent extent);

}  // namespace plumb
