#include "runners/tile_plan.h"

#include <algorithm>
#include <bit>

#include "runners/address_bits.h"
#include "runners/tile_compiler.h"

namespace plumb {
namespace {

// Columns up to which a step of a power of two is one of neighbouring columns; from there on it is a stride.
constexpr std::int64_t kLongestNear = 64;

// What a tile is made of.
struct Steps {
  std::vector<WeightStep> all;
  std::int64_t rows = 1, columns = 1;  // how many a tile has
  std::int64_t column_span = 0;        // 0: no strides
};

bool contains(const std::vector<WeightStep>& steps, WeightStep step) {
  return std::ranges::find(steps, step) != steps.end();
}

// Fills up powers of two, so that tiles leave no gap. `spare` more column steps are taken in.
std::optional<Steps> steps_of(const AddressBits& from, const AddressBits& to, Extent padded, int spare) {
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
  steps.columns <<= spare;
  for (std::int64_t r = 1; r < steps.rows; r *= 2) steps.all.push_back({r, 0});
  for (std::int64_t c = 1; c < steps.columns; c *= 2) steps.all.push_back({0, c});
  std::ranges::sort(strides);
  if (strides.empty()) return steps;
  steps.column_span = strides[0];
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

// The order of tiles: where in the weight tile `tile` of band `band` begins.
struct TileOrder {
  bool along_rows;
  std::int64_t rows, columns;  // of a tile
  std::int64_t bands, tiles_per_band;

  [[nodiscard]] WeightStep place(std::int64_t band, std::int64_t tile) const {
    return along_rows ? WeightStep{tile * rows, band * columns} : WeightStep{band * rows, tile * columns};
  }
};

// One side of a plan: where a layout has a tile's blocks.
class Side {
 public:
  Side(const Layout& layout, Extent extent, const AddressBits& bits, std::vector<WeightStep> block_steps,
       TileOrder order)
      : codes_(layout, extent), bits_(bits), block_steps_(std::move(block_steps)), order_(order) {
    const std::int64_t first = start({0, 0});
    for (std::int64_t b = 0; b < std::int64_t{1} << block_steps_.size(); ++b) {
      offsets_.push_back(start(block_step(block_steps_, b)) - first);
    }
    stride_ = order.tiles_per_band > 1 ? start(order.place(0, 1)) - first : kBlockBytes;
  }

  [[nodiscard]] const std::vector<std::int64_t>& offsets() const { return offsets_; }
  [[nodiscard]] std::int64_t stride() const { return stride_; }

  // Where the band has its first tile; -1 if its blocks lie otherwise.
  [[nodiscard]] std::int64_t base_of(std::int64_t band) const {
    const std::int64_t base = start(order_.place(band, 0)), last = order_.tiles_per_band - 1;
    for (const std::int64_t tile : {std::int64_t{0}, last}) {
      if (!lies_at(order_.place(band, tile), base + tile * stride_)) return -1;
    }
    for (const std::int64_t tile : {std::min<std::int64_t>(1, last), last / 2}) {
      if (start(order_.place(band, tile)) != base + tile * stride_) return -1;
    }
    return base;
  }

 private:
  [[nodiscard]] std::int64_t start(WeightStep at) const { return bits_.block_start(codes_, at); }

  // Whether the tile there has its blocks where they should be, and the first and the last their codes: of a map that
  // is a formula this is enough.
  [[nodiscard]] bool lies_at(WeightStep tile, std::int64_t base) const {
    for (std::size_t b = 0; b < offsets_.size(); ++b) {
      const WeightStep step = block_step(block_steps_, static_cast<std::int64_t>(b));
      const WeightStep at{tile.rows + step.rows, tile.columns + step.columns};
      const bool looks_inside = b == 0 || b + 1 == offsets_.size();
      if (start(at) != base + offsets_[b]) return false;
      if (looks_inside && !bits_.describes_block(codes_, at, base + offsets_[b])) return false;
    }
    return true;
  }

  CodeAddresses codes_;
  const AddressBits& bits_;
  std::vector<WeightStep> block_steps_;
  TileOrder order_;
  std::int64_t stride_ = 0;
  std::vector<std::int64_t> offsets_;
};

// What both orders of tiles start from.
struct Pair {
  const Layout& from;
  const Layout& to;
  Extent extent;
  AddressBits from_bits, to_bits;
  Steps steps;
  CompiledTiles compiled;
};

std::optional<TilePlan> plan_in_order(const Pair& p, bool along_rows) {
  const std::int64_t span = p.steps.column_span != 0 ? p.steps.column_span : p.extent.columns;
  const std::int64_t down = p.extent.rows / p.steps.rows, across = span / p.steps.columns;
  if (down == 0 || across == 0) return std::nullopt;
  const TileOrder order{along_rows, p.steps.rows, p.steps.columns, along_rows ? across : down,
                        along_rows ? down : across};
  const Side source(p.from, p.extent, p.from_bits, p.compiled.from_blocks, order);
  const Side target(p.to, p.extent, p.to_bits, p.compiled.to_blocks, order);
  TilePlan plan{p.compiled.program, along_rows,       order.rows,      order.columns,   span, order.tiles_per_band,
                source.offsets(),   target.offsets(), source.stride(), target.stride(), {},   {}};
  for (std::int64_t band = 0; band < order.bands; ++band) {
    const std::int64_t a = source.base_of(band), b = target.base_of(band);
    plan.from_base.push_back(b < 0 ? -1 : a);
    plan.to_base.push_back(a < 0 ? -1 : b);
  }
  return plan;
}

// The bytes between tiles that follow each other.
std::int64_t stride_of(const Layout& layout, Extent extent, const AddressBits& bits, WeightStep next_tile) {
  const CodeAddresses codes(layout, extent);
  const std::int64_t start = bits.block_start(codes, next_tile);
  return start < 0 ? INT64_MAX / 4 : start;
}

// Whether tiles are closer together down the rows.
bool rather_along_rows(const Pair& p) {
  if (p.steps.column_span != 0) return false;
  const WeightStep below{p.steps.rows, 0}, beside{0, p.steps.columns};
  const std::int64_t down = stride_of(p.to, p.extent, p.to_bits, below);
  return down == kBlockBytes && down < stride_of(p.to, p.extent, p.to_bits, beside);
}

std::optional<TilePlan> plan_with_spare(const Layout& from, const Layout& to, int add, Extent extent, int spare) {
  const auto from_bits = address_bits(from, extent), to_bits = address_bits(to, extent);
  if (!from_bits || !to_bits) return std::nullopt;
  const auto steps = steps_of(*from_bits, *to_bits, from.padded(extent), spare);
  if (!steps || (steps->column_span != 0 && (from.padded(extent) != extent || to.padded(extent) != extent))) {
    return std::nullopt;
  }
  const auto compiled = compile_tiles(from, to, add, *from_bits, *to_bits, steps->all);
  if (!compiled) return std::nullopt;
  const Pair pair{from, to, extent, *from_bits, *to_bits, *steps, *compiled};
  return plan_in_order(pair, rather_along_rows(pair));
}

}  // namespace

std::optional<TilePlan> plan_tiles(const Layout& from, const Layout& to, int add, Extent extent) {
  if (!can_move_tiles() || extent.rows == 0 || extent.columns == 0) return std::nullopt;
  for (const int spare : {0, 1, 2}) {
    if (auto plan = plan_with_spare(from, to, add, extent, spare)) return plan;
  }
  return std::nullopt;
}

bool is_flat(const Layout& layout, Extent extent) {
  const Extent flat{1, extent.rows * extent.columns};
  if (layout.padded(extent) != extent || layout.padded(flat) != flat) return false;
  const auto same = [&](std::int64_t row, std::int64_t column) {
    for (int bit = 0; bit < layout.bits; ++bit) {
      const BitPosition a = layout.position(row, column, bit, extent);
      const BitPosition b = layout.position(0, row * extent.columns + column, bit, flat);
      if (a.byte != b.byte || a.bit != b.bit) return false;
    }
    return true;
  };
  // Of many rows the first, the last, and some between: maps are formulas, and the property tests ask for every code.
  const std::int64_t pace = std::max<std::int64_t>(1, extent.rows / 64);
  for (std::int64_t i = 0; i < extent.rows + 2 * kLongestNear; i = i < kLongestNear ? i + 1 : i + pace) {
    const std::int64_t row = std::min(i, extent.rows - 1);
    if (!same(row, 0) || !same(row, extent.columns / 2) || !same(row, extent.columns - 1)) return false;
  }
  return true;
}

}  // namespace plumb
