#include "runners/tile_rectangles.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace plumb {
namespace {

// Bytes of the source that a rectangle holds, about.
constexpr std::int64_t kRectangleBytes = 1 << 18;

// How many times as many a rectangle of tiles lies in, about.
std::int64_t times_pages(const TileGrid::Bytes& bytes, std::int64_t down, std::int64_t across) {
  const auto in_a_row = [](std::int64_t count, std::int64_t distance) {
    return 1 + (count - 1) * std::min(std::abs(distance), kPageBytes) / kPageBytes;
  };
  return in_a_row(down, bytes.below) * in_a_row(across, bytes.beside);
}

// Tiles that so many bytes hold, about.
std::int64_t tiles_of(std::int64_t bytes, const TilePlan& plan) {
  return std::max<std::int64_t>(1, bytes / (kBlockBytes << plan.program.block_bits));
}

}  // namespace

TileRectangles::TileRectangles(const TileGrid& grid, const TilePlan& plan, std::int64_t bytes_together)
    : grid_(grid), plan_(plan) {
  choose_sides();
  choose_order(bytes_together);
}

void TileRectangles::choose_sides() {
  const TileGrid& grid = grid_;
  const std::int64_t tiles = tiles_of(kRectangleBytes, plan_);
  const std::int64_t from_pages = pages_of(plan_.from_offset), to_pages = pages_of(plan_.to_offset);
  double fewest = 0;
  for (std::int64_t power = 1; power < 2 * std::min(tiles, grid.down); power *= 2) {
    const std::int64_t down = std::min(power, grid.down);
    const std::int64_t across = std::clamp<std::int64_t>(tiles / down, 1, grid.across);
    const std::int64_t pages =
        from_pages * times_pages(grid.from, down, across) + to_pages * times_pages(grid.to, down, across);
    const double pages_per_tile = static_cast<double>(pages) / static_cast<double>(down * across);
    // Where more tiles are as good, a few more make fewer pieces of work.
    const bool is_small = down * across <= tiles / 4;
    if (power > 1 && (is_small ? pages_per_tile > fewest : pages_per_tile >= fewest)) continue;
    fewest = pages_per_tile;
    down_ = down;
    across_ = across;
  }
}

// As many tiles down as across, so that bytes that follow each other are read, and written, together.
void TileRectangles::choose_order(std::int64_t bytes_together) {
  const std::int64_t tiles = tiles_of(bytes_together, plan_);
  const auto side = static_cast<std::int64_t>(std::sqrt(static_cast<double>(tiles)));
  const std::int64_t down = std::clamp(std::max(side, tiles / grid_.across), down_, std::max(down_, grid_.down));
  const std::int64_t across = std::max(across_, tiles / down);
  const std::int64_t down_step = down / down_ * down_, across_step = across / across_ * across_;
  for (std::int64_t i = 0; i < grid_.down; i += down_step) {
    for (std::int64_t j = 0; j < grid_.across; j += across_step) {
      for (std::int64_t k = i; k < std::min(i + down_step, grid_.down); k += down_) {
        for (std::int64_t l = j; l < std::min(j + across_step, grid_.across); l += across_) order_.push_back({k, l});
      }
    }
  }
}

TileRun TileRectangles::run(std::int64_t number, const std::byte* from, std::byte* to) const {
  const auto [i, j] = order_[static_cast<std::size_t>(number)];
  const std::int64_t down = std::min(down_, grid_.down - i), across = std::min(across_, grid_.across - j);
  const TileGrid::Bytes &source = grid_.from, &target = grid_.to;
  TileRun run{};
  run.from = reinterpret_cast<const std::uint8_t*>(from) + source.first + i * source.below + j * source.beside;
  run.to = reinterpret_cast<std::uint8_t*>(to) + target.first + i * target.below + j * target.beside;
  run.from_offset = plan_.from_offset.data();
  run.to_offset = plan_.to_offset.data();
  // Tiles that lie close together in the target follow each other.
  const bool goes_down = across == 1 || (down > 1 && target.below < target.beside);
  run.from_stride = goes_down ? source.below : source.beside;
  run.to_stride = goes_down ? target.below : target.beside;
  run.count = goes_down ? down : across;
  run.from_row_stride = goes_down ? source.beside : source.below;
  run.to_row_stride = goes_down ? target.beside : target.below;
  run.rows = goes_down ? across : down;
  return run;
}

}  // namespace plumb
