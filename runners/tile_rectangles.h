// In which order the tiles of a grid are moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runners/tile_plan.h"
#include "runners/tile_program.h"

namespace plumb {

/// Divides a grid of a plan, both of which it keeps a reference to, into rectangles of tiles. Their sides are chosen so
/// that few pages of memory are touched for each tile. Rectangles that make up a larger one of about `bytes_together`
/// of the source follow each other: pages of a file that is larger than memory are done with before they have to go.
class TileRectangles {
 public:
  TileRectangles(const TileGrid& grid, const TilePlan& plan, std::int64_t bytes_together);

  /// How many there are.
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(order_.size()); }
  /// One of them, in weights that begin there.
  [[nodiscard]] TileRun run(std::int64_t number, const std::byte* from, std::byte* to) const;

 private:
  void choose_sides();
  void choose_order(std::int64_t bytes_together);

  const TileGrid& grid_;
  const TilePlan& plan_;
  std::int64_t down_ = 1, across_ = 1;  // tiles of a rectangle
  struct Place {
    std::int64_t down, across;  // of its first tile
  };
  std::vector<Place> order_;
};

}  // namespace plumb
