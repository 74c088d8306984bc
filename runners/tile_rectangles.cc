#include "runners/tile_rectangles.h"

#include <algorithm>
#include <cstdlib>

namespace plumb {
namespace {

constexpr std::int64_t kPageBytes = 4096;
// Bytes of the source that a rectangle holds, about.
constexpr std::int64_t kRectangleBytes = 1 << 18;

// Pages that a tile's blocks lie in.
std::int64_t pages_of(std::vector<std::int64_t> offsets) {
  const std::int64_t least = *std::ranges::min_element(offsets);
  for (std::int64_t& offset : offsets) offset = (offset - least) / kPageBytes;
  std::ranges::sort(offsets);
  return std::unique(offsets.begin(), offsets.end()) - offsets.begin();
}

// How many times as many a rectangle of tiles lies in, about.
std::int64_t times_pages(const TileGrid::Bytes& bytes, std::int64_t down, std::int64_t across) {
  const auto in_a_row = [](std::int64_t count, std::int64_t distance) {
    return 1 + (count - 1) * std::min(std::abs(distance), kPageBytes) / kPageBytes;
  };
  return in_a_row(down, bytes.below) * in_a_row(across, bytes.beside);
}

}  // namespace

TileRectangles::TileRectangles(const TileGrid& grid, const TilePlan& plan) : grid_(grid), plan_(plan) {
  const std::int64_t tiles = std::max<std::int64_t>(1, kRectangleBytes / (kBlockBytes << plan.program.block_bits));
  const std::int64_t from_pages = pages_of(plan.from_offset), to_pages = pages_of(plan.to_offset);
  double fewest = 0;
  for (std::int64_t power = 1; power < 2 * std::min(tiles, grid.down); power *= 2) {
    const std::int64_t down = std::min(power, grid.down);
    const std::int64_t across = std::clamp<std::int64_t>(tiles / down, 1, grid.across);
    const std::int64_t pages =
        from_pages * times_pages(grid.from, down, across) + to_pages * times_pages(grid.to, down, across);
    const double pages_per_tile = static_cast<double>(pages) / static_cast<double>(down * across);
    if (power > 1 && pages_per_tile >= fewest) continue;
    fewest = pages_per_tile;
    down_ = down;
    across_ = across;
  }
  beside_ = (grid.across + across_ - 1) / across_;
  below_ = (grid.down + down_ - 1) / down_;
}

std::int64_t TileRectangles::count() const { return below_ * beside_; }

TileRun TileRectangles::run(std::int64_t number, const std::byte* from, std::byte* to) const {
  // Pages of the target are finished soon, as they may have to be written to a file.
  const bool down_first = grid_.to.below < grid_.to.beside;
  const std::int64_t i = (down_first ? number % below_ : number / beside_) * down_;
  const std::int64_t j = (down_first ? number / below_ : number % beside_) * across_;
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
