#include "runners/weight_move.h"

#include <algorithm>

#include "reference/layout/systems.h"
#include "runners/code_line.h"

namespace plumb {
namespace {

// Rows and columns of a piece of work that is done code by code.
constexpr std::int64_t kRowsAtOnce = 64, kColumnsAtOnce = 1024;

Layout in_order(const Layout& layout, int bits) {
  Layout flat = layout;
  flat.bits = bits;
  flat.row_multiple = flat.column_multiple = 1;
  flat.position = row_by_row(bits);
  return flat;
}

}  // namespace

WeightMove::WeightMove(const Layout& from, const Layout& to, int add, Extent extent, std::int64_t bytes_together)
    : task_(simplified(from, to, extent, add)),
      plan_(plan_tiles(task_.from, task_.to, task_.add, task_.extent)),
      recoding_(task_.from, task_.to, task_.add) {
  for (Rest& rest : rests()) {
    for (std::int64_t row = rest.first_row; row < rest.end_row; row += kRowsAtOnce) {
      rests_.push_back({row, std::min(row + kRowsAtOnce, rest.end_row), rest.columns});
    }
  }
  if (!plan_) return;
  for (const TileGrid& grid : plan_->grids) rectangles_.emplace_back(grid, *plan_, bytes_together);
}

std::int64_t WeightMove::pieces(std::size_t stage) const {
  return stage < rectangles_.size() ? rectangles_[stage].count() : std::ssize(rests_);
}

bool WeightMove::move(std::size_t stage, std::int64_t piece, const Bytes& bytes) const {
  if (stage == rectangles_.size()) return move_rest(rests_[static_cast<std::size_t>(piece)], bytes);
  TileRun run = rectangles_[stage].run(piece, bytes.from.data(), bytes.to.data());
  run.bypasses_cache = bytes.bypasses_cache;
  return move_tiles(plan_->program, run);
}

WeightMove::Task WeightMove::simplified(const Layout& from, const Layout& to, Extent extent, int add) {
  const std::int64_t codes = extent.rows * extent.columns;
  if (codes == 0) return {from, to, extent, add};
  if (have_same_places(from, to, extent)) {
    if (8 % from.bits == 0) return {in_order(from, from.bits), in_order(to, to.bits), {1, codes}, add};
    if (add == 0 && from.encoding == to.encoding) {
      return {in_order(from, 8), in_order(to, 8), {1, from.size_bytes(extent)}, 0};
    }
  }
  if (is_flat(from, extent) && is_flat(to, extent)) {
    const Extent flat{1, codes};
    if (plan_tiles(from, to, add, flat)) return {from, to, flat, add};
  }
  return {from, to, extent, add};
}

std::vector<std::int64_t> WeightMove::row_cuts() const {
  std::vector<std::int64_t> cuts = {0, task_.extent.rows, task_.to.padded(task_.extent).rows};
  for (const TileGrid& grid : plan_ ? plan_->grids : std::vector<TileGrid>()) {
    cuts.push_back(grid.origin.rows);
    cuts.push_back(grid.origin.rows + grid.down * plan_->tile_rows);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// What tiles leave, in the order of rows.
std::vector<WeightMove::Rest> WeightMove::rests() const {
  const Extent extent = task_.extent, padded = task_.to.padded(extent);
  const std::vector<std::int64_t> cuts = row_cuts();
  std::vector<Rest> found;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Rest rest{cuts[i], cuts[i + 1], {}};
    if (!plan_ || rest.first_row >= extent.rows) {
      add_column_ranges(rest.columns, {0, padded.columns}, extent.columns);
    } else {
      const std::vector<ColumnRange> left = plan_->columns_left(rest.first_row);
      for (std::int64_t span = 0; span < extent.columns; span += plan_->column_span) {
        for (const ColumnRange range : left) {
          add_column_ranges(rest.columns, {span + range.first, span + range.end}, extent.columns);
        }
      }
      add_column_ranges(rest.columns, {extent.columns, padded.columns}, extent.columns);
    }
    if (!rest.columns.empty()) found.push_back(std::move(rest));
  }
  return found;
}

bool WeightMove::move_rest(const Rest& rest, const Bytes& bytes) const {
  for (const ColumnRange range : rest.columns) {
    if (range.first >= task_.extent.columns || rest.first_row >= task_.extent.rows) {
      fill(rest, range, bytes);
      continue;
    }
    const std::int64_t count = range.end - range.first;
    CodeLine source(task_.from, task_.extent, range.first, count), target(task_.to, task_.extent, range.first, count);
    for (std::int64_t row = rest.first_row; row < rest.end_row; ++row) {
      source.turn_to(row);
      target.turn_to(row);
      for (std::int64_t i = 0; i < count; ++i) {
        const unsigned stored = source.read(bytes.from, i);
        if (!recoding_.fits(stored)) return false;
        target.write(bytes.to, i, recoding_(stored), bytes.are_shared);
      }
    }
  }
  return true;
}

void WeightMove::fill(const Rest& rest, ColumnRange range, const Bytes& bytes) const {
  const unsigned stored = task_.to.encode(task_.to.padding_code);
  if (stored == 0) return;
  CodeLine target(task_.to, task_.extent, range.first, range.end - range.first);
  for (std::int64_t row = rest.first_row; row < rest.end_row; ++row) {
    target.turn_to(row);
    for (std::int64_t i = 0; i < range.end - range.first; ++i) target.write(bytes.to, i, stored, bytes.are_shared);
  }
}

void add_column_ranges(std::vector<ColumnRange>& ranges, ColumnRange range, std::int64_t end_of_weight) {
  for (std::int64_t first = range.first; first < range.end;) {
    std::int64_t end = std::min(range.end, first + kColumnsAtOnce);
    if (first < end_of_weight) end = std::min(end, end_of_weight);
    ranges.push_back({first, end});
    first = end;
  }
}

}  // namespace plumb
