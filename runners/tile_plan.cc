#include "runners/tile_plan.h"

#include <algorithm>
#include <bit>

#include "runners/address_bits.h"
#include "runners/tile_compiler.h"

namespace plumb {
namespace {

// Columns up to which a step of a power of two is one of neighbouring columns; from there on it is a stride.
constexpr std::int64_t kLongestNear = 256;
// A tile that lies in so many pages is scattered.
constexpr std::int64_t kManyPages = 16;
// Blocks of a tile that stay in the fastest cache while it is moved: 2^7 of them.
constexpr int kNearBlockBits = 7;

// What a tile is made of.
struct Steps {
  std::vector<WeightStep> all;
  std::int64_t rows = 1, columns = 1;  // how many a tile has
  std::int64_t column_span = 0;        // 0: no strides
};

// Fills up powers of two, so that tiles leave no gap. A tile has `least_rows` at least; `spare` more column steps are
// taken in.
std::optional<Steps> steps_of(const AddressBits& from, const AddressBits& to, Extent padded, std::int64_t least_rows,
                              int spare, int spare_rows) {
  std::vector<WeightStep> wanted = from.all();
  for (const WeightStep step : to.all()) {
    if (!contains(wanted, step)) wanted.push_back(step);
  }
  Steps steps;
  std::vector<std::int64_t> strides;
  for (const WeightStep step : wanted) {
    const bool near = step.rows + step.columns <= kLongestNear &&
                      std::has_single_bit(static_cast<std::uint64_t>(step.rows + step.columns));
    if (!near && step.rows > 0) return std::nullopt;
    if (!near) strides.push_back(step.columns);
    if (near) steps.rows = std::max(steps.rows, 2 * step.rows);
    if (near) steps.columns = std::max(steps.columns, 2 * step.columns);
  }
  steps.rows = std::max(steps.rows, least_rows) << spare_rows;
  steps.columns <<= spare;
  for (std::int64_t r = 1; r < steps.rows; r *= 2) steps.all.push_back({r, 0});
  for (std::int64_t c = 1; c < steps.columns; c *= 2) steps.all.push_back({0, c});
  std::ranges::sort(strides);
  if (strides.empty()) return steps;
  steps.column_span = strides[0];
  if (steps.columns > steps.column_span) return std::nullopt;  // else a step would be there twice
  std::int64_t next = steps.column_span;
  for (const std::int64_t stride : strides) {
    if (stride != next) return std::nullopt;
    steps.all.push_back({0, stride});
    next *= 2;
  }
  return next == padded.columns ? std::optional(steps) : std::nullopt;
}

// The place in the weight of block `number` of a tile, relative to the tile's.
WeightStep block_step(const std::vector<WeightStep>& block_steps, std::int64_t number) {
  WeightStep sum{0, 0};
  for (std::size_t bit = 0; bit < block_steps.size(); ++bit) {
    if ((number >> bit & 1) != 0) sum = {sum.rows + block_steps[bit].rows, sum.columns + block_steps[bit].columns};
  }
  return sum;
}

// One side of a plan: where a layout has a tile's blocks.
class Side {
 public:
  Side(const Layout& layout, Extent extent, const AddressBits& bits, std::vector<WeightStep> block_steps)
      : codes_(layout, extent), bits_(bits), block_steps_(std::move(block_steps)) {
    const std::int64_t first = start({0, 0});
    for (std::int64_t b = 0; b < std::int64_t{1} << block_steps_.size(); ++b) {
      offsets_.push_back(start(block_step(block_steps_, b)) - first);
    }
  }

  [[nodiscard]] const std::vector<std::int64_t>& offsets() const { return offsets_; }
  [[nodiscard]] std::int64_t start(WeightStep at) const { return bits_.block_start(codes_, at); }

  // Whether the tile there has its blocks where they should be, and the first and the last their codes. Asked along
  // each step: of a map that is a formula this is enough.
  [[nodiscard]] bool has_tile(WeightStep tile, std::int64_t byte) const {
    const std::int64_t count = std::ssize(offsets_);
    const auto lies = [&](std::int64_t block) {
      const WeightStep step = block_step(block_steps_, block);
      const WeightStep at{tile.rows + step.rows, tile.columns + step.columns};
      const std::int64_t expected = byte + offsets_[static_cast<std::size_t>(block)];
      if (block != 0 && block + 1 != count) return start(at) == expected;
      return start(at) == expected && bits_.describes_block(codes_, at, expected, false);
    };
    for (std::int64_t block = 1; block < count; block *= 2) {
      if (!lies(block)) return false;
    }
    return lies(0) && lies(count - 1);
  }

 private:
  CodeAddresses codes_;
  const AddressBits& bits_;
  std::vector<WeightStep> block_steps_;
  std::vector<std::int64_t> offsets_;
};

// The largest n <= most with holds(n - 1), where it holds for all up to some number; 1 at least.
template <typename Predicate>
std::int64_t count_while(std::int64_t most, const Predicate& holds) {
  std::int64_t good = 1, bad = most + 1;
  for (std::int64_t n = most; good + 1 < bad; n = good + (bad - good) / 2) {
    (holds(n - 1) ? good : bad) = n;
  }
  return good;
}

// Lays grids of tiles over a weight.
class Grids {
 public:
  Grids(const Side& from, const Side& to, const TilePlan& plan, std::int64_t rows)
      : from_(from), to_(to), plan_(plan), rows_(rows) {}

  [[nodiscard]] std::vector<TileGrid> all() const {
    const std::int64_t down = rows_ / plan_.tile_rows, across = plan_.column_span / plan_.tile_columns;
    std::vector<TileGrid> grids;
    const auto add = [&](WeightStep origin, std::int64_t most_down, std::int64_t most_across) {
      if (auto grid = grid_at(origin, most_down, most_across)) grids.push_back(*grid);
    };
    if (down == 0 || across == 0) return grids;
    add({0, 0}, down, across);
    const std::int64_t row = last_origin(rows_, plan_.tile_rows, [](std::int64_t r) { return WeightStep{r, 0}; });
    const std::int64_t column = last_origin(plan_.column_span, plan_.tile_columns, [](std::int64_t c) {
      return WeightStep{0, c};
    });
    if (column > 0) add({0, column}, down, 1);
    if (row > 0) add({row, 0}, 1, across);
    if (row > 0 && column > 0) add({row, column}, 1, 1);
    return grids;
  }

 private:
  // Where a tile that ends with the weight, or as near to its end as can be, begins; 0 if whole tiles leave nothing.
  template <typename At>
  std::int64_t last_origin(std::int64_t length, std::int64_t tile, const At& at) const {
    for (std::int64_t multiple = 1; length % tile != 0 && multiple < tile; multiple *= 2) {
      const std::int64_t origin = (length - tile) / multiple * multiple;
      if (origin % tile == 0) break;
      if (bytes_at(from_, at(origin)) && bytes_at(to_, at(origin))) return origin;
    }
    return 0;
  }

  // The byte of a tile there; nothing if none can be there.
  static std::optional<std::int64_t> bytes_at(const Side& side, WeightStep at) {
    const std::int64_t byte = side.start(at);
    return byte >= 0 && side.has_tile(at, byte) ? std::optional(byte) : std::nullopt;
  }

  // As many tiles as lie at constant distances.
  [[nodiscard]] std::optional<TileGrid> grid_at(WeightStep origin, std::int64_t down, std::int64_t across) const {
    TileGrid grid{origin, down, across, {}, {}};
    for (const auto& [side, bytes] : {std::pair(&from_, &grid.from), std::pair(&to_, &grid.to)}) {
      const auto first = bytes_at(*side, origin);
      if (!first) return std::nullopt;
      const auto distance = [&](bool exists, std::int64_t i, std::int64_t j) {
        return exists ? side->start(place(grid, i, j)) - *first : kBlockBytes;
      };
      *bytes = {*first, distance(down > 1, 1, 0), distance(across > 1, 0, 1)};
    }
    grid.down =
        count_while(down, [&](std::int64_t i) { return has_tile(grid, i, 0) && has_tile(grid, i, across - 1); });
    grid.across = count_while(across, [&](std::int64_t j) {
      return has_tile(grid, 0, j) && has_tile(grid, grid.down / 2, j) && has_tile(grid, grid.down - 1, j);
    });
    return grid;
  }

  [[nodiscard]] WeightStep place(const TileGrid& grid, std::int64_t i, std::int64_t j) const {
    return {grid.origin.rows + i * plan_.tile_rows, grid.origin.columns + j * plan_.tile_columns};
  }
  [[nodiscard]] bool has_tile(const TileGrid& grid, std::int64_t i, std::int64_t j) const {
    const WeightStep at = place(grid, i, j);
    return from_.has_tile(at, grid.from.first + i * grid.from.below + j * grid.from.beside) &&
           to_.has_tile(at, grid.to.first + i * grid.to.below + j * grid.to.beside);
  }

  const Side& from_;
  const Side& to_;
  const TilePlan& plan_;
  std::int64_t rows_;
};

// What all attempts at a plan have in common.
struct Pair {
  const Layout& from;
  const Layout& to;
  int add;
  Extent extent;
  AddressBits from_bits, to_bits;
};

// Tiles that are 2^spare times as wide, and 2^spare_rows times as high, as they need be.
std::optional<TilePlan> plan_with_spare(const Pair& p, int spare, int spare_rows) {
  const Extent from_padded = p.from.padded(p.extent), to_padded = p.to.padded(p.extent);
  // Rows that a layout pads to lie in a way of their own.
  const auto whole_rows = static_cast<std::uint64_t>(std::max(p.from.row_multiple, p.to.row_multiple));
  const auto steps = steps_of(p.from_bits, p.to_bits, from_padded, static_cast<std::int64_t>(std::bit_ceil(whole_rows)),
                              spare, spare_rows);
  if (!steps || (steps->column_span != 0 && (from_padded != p.extent || to_padded != p.extent))) return std::nullopt;
  const auto compiled = compile_tiles(p.from, p.to, p.add, p.from_bits, p.to_bits, steps->all);
  if (!compiled) return std::nullopt;
  const std::int64_t span = steps->column_span != 0 ? steps->column_span : p.extent.columns;
  if (p.extent.rows < steps->rows || span < steps->columns) return std::nullopt;
  const Side from(p.from, p.extent, p.from_bits, compiled->from_blocks);
  const Side to(p.to, p.extent, p.to_bits, compiled->to_blocks);
  TilePlan plan{compiled->program, steps->rows, steps->columns, span, from.offsets(), to.offsets(), {}};
  plan.grids = Grids(from, to, plan, p.extent.rows).all();
  return plan.grids.empty() ? std::nullopt : std::optional(plan);
}

bool are_equal(BitPosition a, BitPosition b) { return a.byte == b.byte && a.bit == b.bit; }

// 0, powers of two, and the last number before `end`.
std::vector<std::int64_t> some_numbers(std::int64_t end) {
  std::vector<std::int64_t> numbers = {0, end - 1};
  for (std::int64_t n = 1; n < end; n *= 2) numbers.push_back(n);
  return numbers;
}

}  // namespace

bool holds_for_some(Extent extent, const std::function<bool(std::int64_t, std::int64_t)>& same) {
  for (const std::int64_t row : some_numbers(extent.rows)) {
    if (!same(row, 0) || !same(row, extent.columns / 2) || !same(row, extent.columns - 1)) return false;
  }
  for (const std::int64_t column : some_numbers(extent.columns)) {
    if (!same(0, column) || !same(extent.rows - 1, column)) return false;
  }
  return true;
}

std::vector<ColumnRange> TilePlan::columns_left(std::int64_t row) const {
  std::vector<ColumnRange> taken;
  for (const TileGrid& grid : grids) {
    if (row < grid.origin.rows || row >= grid.origin.rows + grid.down * tile_rows) continue;
    taken.push_back({grid.origin.columns, grid.origin.columns + grid.across * tile_columns});
  }
  std::ranges::sort(taken, {}, &ColumnRange::first);
  std::vector<ColumnRange> left;
  std::int64_t next = 0;
  for (const ColumnRange range : taken) {
    if (range.first > next) left.push_back({next, range.first});
    next = std::max(next, range.end);
  }
  if (next < column_span) left.push_back({next, column_span});
  return left;
}

std::int64_t pages_of(std::vector<std::int64_t> offsets) {
  const std::int64_t least = *std::ranges::min_element(offsets);
  for (std::int64_t& offset : offsets) offset = (offset - least) / kPageBytes;
  std::ranges::sort(offsets);
  return std::unique(offsets.begin(), offsets.end()) - offsets.begin();
}

bool TilePlan::is_scattered() const { return std::max(pages_of(from_offset), pages_of(to_offset)) >= kManyPages; }

bool TilePlan::lacks_neighbours() const {
  const auto has = [](const std::vector<std::int64_t>& offsets) {
    return std::ranges::find(offsets, kBlockBytes) != offsets.end();
  };
  return !has(from_offset) && !has(to_offset);
}

std::optional<TilePlan> plan_tiles(const Layout& from, const Layout& to, int add, Extent extent) {
  if (!can_move_tiles() || extent.rows == 0 || extent.columns == 0) return std::nullopt;
  const auto from_bits = address_bits(from, extent), to_bits = address_bits(to, extent);
  if (!from_bits || !to_bits) return std::nullopt;
  const Pair pair{from, to, add, extent, *from_bits, *to_bits};
  std::optional<TilePlan> best;
  int spare = 0, spare_rows = 0;
  // So many blocks that registers are filled, or half of them, unless the weight is too small.
  const auto suffices = [&] {
    return best && (best->program.block_bits + 1 >= kRegisterBits || best->program.keeps_places());
  };
  const auto attempt = [&](int columns, int rows) {
    auto plan = plan_with_spare(pair, columns, rows);
    if (!plan) return;
    best = std::move(plan);
    spare = columns, spare_rows = rows;
  };
  for (int columns = 0; columns < kRegisterBits && !suffices(); ++columns) attempt(columns, 0);
  for (int rows = 1; rows < kRegisterBits && !suffices(); ++rows) attempt(0, rows);
  if (best && best->lacks_neighbours() && best->program.block_bits + 2 <= kNearBlockBits) {
    attempt(spare + 1, spare_rows + 1);
  }
  return best;
}

bool is_flat(const Layout& layout, Extent extent) {
  const Extent flat{1, extent.rows * extent.columns};
  if (layout.padded(extent) != extent || layout.padded(flat) != flat) return false;
  return holds_for_some(extent, [&](std::int64_t row, std::int64_t column) {
    for (const int bit : {0, layout.bits - 1}) {
      const BitPosition there = layout.position(0, row * extent.columns + column, bit, flat);
      if (!are_equal(layout.position(row, column, bit, extent), there)) return false;
    }
    return true;
  });
}

bool have_same_places(const Layout& a, const Layout& b, Extent extent) {
  if (a.bits != b.bits || a.padded(extent) != extent || b.padded(extent) != extent) return false;
  return holds_for_some(extent, [&](std::int64_t row, std::int64_t column) {
    for (const int bit : {0, a.bits - 1}) {
      if (!are_equal(a.position(row, column, bit, extent), b.position(row, column, bit, extent))) return false;
    }
    return true;
  });
}

}  // namespace plumb
