// How a weight of one extent gets from one layout to another: by tiles, and code by code where they leave something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/recoding.h"
#include "runners/tile_plan.h"
#include "runners/tile_rectangles.h"

namespace plumb {

/// Found out once, and then good for any number of weights. The work is divided into pieces. Those of one stage may be
/// done in any order and by several threads; stages follow each other.
class WeightMove {
 public:
  /// Where a weight lies, and is to lie: where tiles leave something, `to` is zeroed before.
  struct Bytes {
    std::span<const std::byte> from;
    std::span<std::byte> to;
    bool bypasses_cache = false;  ///< Whether to write around the cache; see finish_moving_tiles.
    bool are_shared = false;      ///< Whether several threads are at work.
  };

  /// Pieces that make up about `bytes_together` of the source follow each other: see TileRectangles.
  WeightMove(const Layout& from, const Layout& to, int add, Extent extent, std::int64_t bytes_together);
  WeightMove(const WeightMove&) = delete;
  WeightMove& operator=(const WeightMove&) = delete;

  /// Whether what lies together on one side does not on the other.
  [[nodiscard]] bool is_scattered() const { return plan_ && plan_->is_scattered(); }
  [[nodiscard]] std::size_t stages() const { return rectangles_.size() + 1; }
  [[nodiscard]] std::int64_t pieces(std::size_t stage) const;
  /// False if it meets a code that does not fit; what is then written is worthless.
  [[nodiscard]] bool move(std::size_t stage, std::int64_t piece, const Bytes& bytes) const;

 private:
  // What is moved: the layouts as they were asked for, or simpler ones that say the same of this weight.
  struct Task {
    Layout from, to;
    Extent extent;
    int add;
  };
  // Rows that lack the same columns when tiles are done.
  struct Rest {
    std::int64_t first_row, end_row;
    std::vector<ColumnRange> columns;
  };

  static Task simplified(const Layout& from, const Layout& to, Extent extent, int add);
  [[nodiscard]] std::vector<std::int64_t> row_cuts() const;
  [[nodiscard]] std::vector<Rest> rests() const;
  [[nodiscard]] bool move_rest(const Rest& rest, const Bytes& bytes) const;
  void fill(const Rest& rest, ColumnRange range, const Bytes& bytes) const;

  Task task_;
  std::optional<TilePlan> plan_;
  Recoding recoding_;
  std::vector<TileRectangles> rectangles_;  // of each grid
  std::vector<Rest> rests_;
};

/// A stretch of columns in pieces that are looked at together: none crosses the end of the weight, where padding
/// begins.
void add_column_ranges(std::vector<ColumnRange>& ranges, ColumnRange range, std::int64_t end_of_weight);

}  // namespace plumb
