// Which part of a weight can be moved from one packed layout to another by whole tiles, and how: derived from the two
// index maps, and from nothing else that is known of a layout.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/tile_program.h"

namespace plumb {

/// Tiles of `tile_rows` x `tile_columns` follow each other in bands, along the columns or, if that keeps their bytes
/// closer together, along the rows. In layouts whose bytes hold columns that lie a stride apart, a tile has such
/// columns in each of the `column_span` long parts of a row, and bands go along the columns.
struct TilePlan {
  TileProgram program;
  bool along_rows;
  std::int64_t tile_rows, tile_columns, column_span, tiles_per_band;
  std::vector<std::int64_t> from_offset, to_offset;  ///< Of a tile's blocks.
  std::int64_t from_stride, to_stride;               ///< Bytes from tile to tile of a band.
  /// Where each band's first tile begins; -1 for bands whose codes lie otherwise.
  std::vector<std::int64_t> from_base, to_base;

  [[nodiscard]] bool moves_band(std::int64_t band) const {
    return band < static_cast<std::int64_t>(from_base.size()) && from_base[static_cast<std::size_t>(band)] >= 0;
  }
  /// Whether the codes there, and in the other columns of its tile, are moved.
  [[nodiscard]] bool moves(std::int64_t row, std::int64_t column) const {
    const std::int64_t down = row / tile_rows, across = column % column_span / tile_columns;
    return moves_band(along_rows ? across : down) && (along_rows ? down : across) < tiles_per_band;
  }
};

/// Nothing if the layouts have no such tiles, or the weight is smaller than one.
[[nodiscard]] std::optional<TilePlan> plan_tiles(const Layout& from, const Layout& to, int add, Extent extent);

/// Whether the layout keeps a weight of this extent as it keeps one of a single row of as many codes.
[[nodiscard]] bool is_flat(const Layout& layout, Extent extent);

}  // namespace plumb
