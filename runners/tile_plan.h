// Which part of a weight can be moved from one packed layout to another by whole tiles, and how: derived from the two
// index maps, and from nothing else that is known of a layout.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/address_bits.h"
#include "runners/tile_program.h"

namespace plumb {

inline constexpr std::int64_t kPageBytes = 4096;

/// Tiles below and beside each other, whose bytes lie at constant distances.
struct TileGrid {
  WeightStep origin;          ///< Place of the first tile.
  std::int64_t down, across;  ///< Tiles.
  /// The first tile's byte, and distances in bytes of the tile below and of that beside.
  struct Bytes {
    std::int64_t first, below, beside;
  } from, to;
};

/// Columns, from the first to before the end.
struct ColumnRange {
  std::int64_t first, end;
};

/// Tiles of `tile_rows` x `tile_columns`. In layouts whose bytes hold columns that lie a stride apart, a tile has such
/// columns in each of the `column_span` long parts of a row. Grids may overlap: where a weight is no multiple of tiles,
/// the last ones are moved back into it.
struct TilePlan {
  TileProgram program;
  std::int64_t tile_rows, tile_columns, column_span;
  std::vector<std::int64_t> from_offset, to_offset;  ///< Of a tile's blocks.
  std::vector<TileGrid> grids;

  /// Columns of each column span that no tile has, in that row.
  [[nodiscard]] std::vector<ColumnRange> columns_left(std::int64_t row) const;
  /// Whether a tile's blocks lie in many pages of memory, on one side at least.
  [[nodiscard]] bool is_scattered() const;
  /// Whether no block of a tile follows the first in memory, on either side.
  [[nodiscard]] bool lacks_neighbours() const;
};

/// Pages of memory that blocks at these offsets lie in, if the first begins one.
[[nodiscard]] std::int64_t pages_of(std::vector<std::int64_t> offsets);

/// Nothing if the layouts have no such tiles, or the weight is smaller than one.
[[nodiscard]] std::optional<TilePlan> plan_tiles(const Layout& from, const Layout& to, int add, Extent extent);

/// Whether the layout keeps a weight of this extent as it keeps one of a single row of as many codes.
[[nodiscard]] bool is_flat(const Layout& layout, Extent extent);

/// Whether both layouts keep the codes of such a weight in the same places, without padding.
[[nodiscard]] bool have_same_places(const Layout& a, const Layout& b, Extent extent);

/// Whether `same(row, column)` is true of a weight's codes, as those in some rows and columns tell: 0, powers of two,
/// the last. Index maps are formulas; property tests ask for every code.
[[nodiscard]] bool holds_for_some(Extent extent, const std::function<bool(std::int64_t, std::int64_t)>& same);

}  // namespace plumb
