// In which order the tiles of a grid are moved.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runners/tile_plan.h"
#include "runners/tile_program.h"

namespace plumb {

/// Divides a grid of a plan, both of which it keeps a reference to, into rectangles of tiles. Their sides are chosen so
/// that few pages of memory are touched for each tile.
class TileRectangles {
 public:
  TileRectangles(const TileGrid& grid, const TilePlan& plan);

  /// How many there are.
  [[nodiscard]] std::int64_t count() const;
  /// One of them, in weights that begin there.
  [[nodiscard]] TileRun run(std::int64_t number, const std::byte* from, std::byte* to) const;

 private:
  const TileGrid& grid_;
  const TilePlan& plan_;
  std::int64_t down_ = 1, across_ = 1;   // tiles of a rectangle
  std::int64_t below_ = 1, beside_ = 1;  // rectangles below and beside each other
};

}  // namespace plumb
