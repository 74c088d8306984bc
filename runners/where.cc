#include "runners/where.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace plumb {
namespace {

constexpr std::int64_t kTiles[] = {4, 8, 16, 32, 64, 128, 256};

// ", the last partial tile of 16 or 32": tiles of which [low, size) is what whole ones leave.
std::string tile_text(std::int64_t low, std::int64_t size) {
  std::vector<std::int64_t> tiles;
  for (const std::int64_t tile : kTiles) {
    if (size % tile != 0 && size / tile * tile == low && low > 0) tiles.push_back(tile);
  }
  return tiles.empty() ? "" : fmt::format(", the last partial tile of {}", fmt::join(tiles, " or "));
}

}  // namespace

Where::Where(Shape shape, std::vector<std::string> names) {
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    axes_.push_back({names[axis], std::vector<bool>(static_cast<std::size_t>(shape[axis]))});
  }
}

void Where::add(const std::vector<std::int64_t>& index) {
  for (std::size_t axis = 0; axis < index.size(); ++axis) axes_[axis].hit[static_cast<std::size_t>(index[axis])] = true;
}

Where::Confinement Where::range_of(const Axis& axis) {
  const auto first = std::ranges::find(axis.hit, true);
  if (first == axis.hit.end()) return {"", 1};
  const std::int64_t low = first - axis.hit.begin(), size = axis.size();
  std::int64_t high = size - 1;
  while (!axis.hit[static_cast<std::size_t>(high)]) --high;
  const double share = static_cast<double>(high - low + 1) / static_cast<double>(size);
  if (low == high)
    return {fmt::format("= {} (of {}){}", low, size, low == size - 1 ? tile_text(low, size) : ""), share};
  if (high == size - 1) return {fmt::format(">= {} (of {}){}", low, size, tile_text(low, size)), share};
  if (low == 0) return {fmt::format("<= {} (of {})", high, size), share};
  return {fmt::format("in {} … {} (of {})", low, high, size), share};
}

// Of several tiles the smallest one whose residues say most.
Where::Confinement Where::residues_of(const Axis& axis) {
  Confinement best{"", 1};
  for (const std::int64_t tile : {2, 3, 4, 5, 6, 8, 16, 32, 64}) {
    if (axis.size() < 2 * tile) break;
    std::vector<bool> hit(static_cast<std::size_t>(tile));
    for (std::int64_t i = 0; i < axis.size(); ++i) {
      if (axis.hit[static_cast<std::size_t>(i)]) hit[static_cast<std::size_t>(i % tile)] = true;
    }
    const Confinement found = range_of({axis.name, hit});
    if (found.share >= best.share || found.words.find("in ") == 0) continue;
    best = {fmt::format("% {} {} (of {})", tile, found.words.substr(0, found.words.find(" (of")), axis.size()),
            found.share};
  }
  return best;
}

std::string Where::describe() const {
  std::string best;
  double best_share = 1;
  for (const Axis& axis : axes_) {
    for (const Confinement& found : {range_of(axis), residues_of(axis)}) {
      if (found.share >= best_share) continue;
      best_share = found.share;
      best = fmt::format("all at {} {}", axis.name, found.words);
    }
  }
  return best;
}

}  // namespace plumb
