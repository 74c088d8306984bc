#include "runners/code_planes.h"

#include <algorithm>
#include <bit>

#include "reference/error.h"
#include "runners/byte_lanes.h"

namespace plumb {
namespace {

// Bytes of a slab, about: what is taken apart is still in the fastest cache when its planes are moved.
constexpr std::int64_t kSlabBytes = 24 << 10;

std::int64_t slab_rows(int bits, Extent extent) {
  // Eight rows of any codes are whole bytes, and whole units.
  const std::int64_t eights = kSlabBytes / std::max<std::int64_t>(1, bits * extent.columns);
  return std::min(extent.rows, 8 * std::max<std::int64_t>(1, eights));
}

std::int64_t bytes_of_codes(int bits, Extent extent) { return extent.rows * extent.columns * bits / 8; }

// Where a bit lies when units are taken apart, if they are.
BitPosition place(const Layout& layout, bool alternates, std::int64_t row, std::int64_t column, int bit,
                  Extent padded) {
  const BitPosition at = layout.position(row, column, bit, padded);
  const std::int64_t threes = bytes_of_codes(layout.bits, padded) / kByteLanes;
  return alternates ? BitPosition{at.byte % kByteLanes * threes + at.byte / kByteLanes, at.bit} : at;
}

Layout plane_of(const Layout& layout, bool alternates, int lowest, int bits) {
  Layout plane = layout;
  plane.bits = bits;
  plane.encoding = Encoding::unsigned_binary;
  plane.padding_code = 0;
  plane.position = [layout, alternates, lowest](std::int64_t row, std::int64_t column, int bit, Extent padded) {
    const BitPosition at = place(layout, alternates, row, column, lowest + bit, padded);
    return BitPosition{at.byte - place(layout, alternates, 0, 0, lowest, padded).byte, at.bit};
  };
  return plane;
}

// Whether a bit of all codes lies beside the one below, as some of them tell.
bool continues(const Layout& layout, Extent extent, int bit) {
  return holds_for_some(extent, [&](std::int64_t row, std::int64_t column) {
    const BitPosition below = layout.position(row, column, bit - 1, extent);
    const BitPosition here = layout.position(row, column, bit, extent);
    return here.byte == below.byte && here.bit == below.bit + 1;
  });
}

}  // namespace

std::vector<PlaneMove::Piece> PlaneMove::pieces_of(const Layout& from, const Layout& to, Extent extent) {
  std::vector<Piece> pieces;
  for (int bit = 0; bit < from.bits; ++bit) {
    if (bit > 0 && continues(from, extent, bit) && continues(to, extent, bit)) {
      ++pieces.back().bits;
    } else {
      pieces.push_back({bit, 1});
    }
  }
  return pieces;
}

std::optional<PlaneMove> PlaneMove::plan(const Layout& from, const Layout& to, int add, Extent extent) {
  const bool changes = add != 0 || from.encoding != to.encoding;
  // Codes of such widths lie in one piece.
  if (changes || std::has_single_bit(static_cast<unsigned>(from.bits)) || !can_move_tiles()) return std::nullopt;
  if (extent.rows * extent.columns == 0 || extent.rows * extent.columns * from.bits % 24 != 0) return std::nullopt;
  if (from.padded(extent) != extent || to.padded(extent) != extent) return std::nullopt;
  if (have_same_places(from, to, extent)) return std::nullopt;  // bytes, not codes, are moved then
  PlaneMove planned(extent, slab_rows(from.bits, extent));
  planned.pieces_ = pieces_of(from, to, extent);
  for (const auto& [layout, side] : {std::pair(&from, &planned.from_), std::pair(&to, &planned.to_)}) {
    auto found = planned.side_of(*layout);
    if (!found) return std::nullopt;
    *side = std::move(*found);
  }
  planned.whole_ = planned.prepared(planned.slab_extent(0));
  const Extent last = planned.slab_extent(planned.count() - 1);
  if (last != planned.slab_extent(0)) planned.last_ = planned.prepared(last);
  return planned;
}

std::optional<PlaneMove::Side> PlaneMove::side_of(const Layout& layout) const {
  // Pieces of a code lie near each other only in layouts that fill units of three bytes.
  const std::int64_t spread =
      layout.position(0, 0, layout.bits - 1, extent_).byte - layout.position(0, 0, 0, extent_).byte;
  Side side{&layout, spread < kByteLanes};
  const std::int64_t next = std::min(rows_, extent_.rows - 1);
  for (const Piece piece : pieces_) {
    side.planes.push_back(plane_of(layout, side.alternates, piece.lowest, piece.bits));
    side.first.push_back(layout.position(0, 0, piece.lowest, extent_).byte);
    side.distance.push_back(layout.position(next, 0, piece.lowest, extent_).byte - side.first.back());
  }
  return keeps_slabs_apart(side) ? std::optional(std::move(side)) : std::nullopt;
}

bool PlaneMove::keeps_slabs_apart(const Side& side) const {
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, count() / 2, count() - 1}) {
    if (number >= count()) continue;
    const Extent slab = slab_extent(number);
    const bool apart = holds_for_some(slab, [&](std::int64_t row, std::int64_t column) {
      for (std::size_t p = 0; p < pieces_.size(); ++p) {
        const BitPosition there = side.layout->position(number * rows_ + row, column, pieces_[p].lowest, extent_);
        const BitPosition own = side.alternates ? side.layout->position(row, column, pieces_[p].lowest, slab)
                                                : side.planes[p].position(row, column, 0, slab);
        const std::int64_t start = side.alternates ? number * bytes_of_codes(side.layout->bits, slab_extent(0))
                                                   : side.first[p] + number * side.distance[p];
        if (there.byte != start + own.byte || there.bit != own.bit) return false;
      }
      return true;
    });
    if (!apart) return false;
  }
  return true;
}

Extent PlaneMove::slab_extent(std::int64_t slab) const {
  return {std::min(rows_, extent_.rows - slab * rows_), extent_.columns};
}

PlaneMove::Slab PlaneMove::prepared(Extent slab) const {
  Slab prepared{slab, {}};
  for (std::size_t p = 0; p < pieces_.size(); ++p) {
    prepared.moves.push_back(std::make_unique<WeightMove>(from_.planes[p], to_.planes[p], 0, slab, kSlabBytes));
  }
  return prepared;
}

std::int64_t PlaneMove::start_of(const Side& side, std::size_t plane, std::int64_t number, Extent slab) const {
  if (!side.alternates) return side.first[plane] + number * side.distance[plane];
  return place(*side.layout, true, 0, 0, pieces_[plane].lowest, slab).byte;
}

void PlaneMove::move(std::int64_t number, std::span<const std::byte> from, std::span<std::byte> to,
                     bool bypasses_cache) const {
  const Slab& slab = slab_extent(number) == whole_.extent ? whole_ : last_;
  const std::int64_t bytes = bytes_of_codes(from_.layout->bits, slab.extent), threes = bytes / kByteLanes;
  const std::int64_t begin = number * bytes_of_codes(from_.layout->bits, whole_.extent);
  std::vector<std::byte> from_lanes, to_lanes;
  if (from_.alternates) {
    from_lanes.resize(static_cast<std::size_t>(bytes));
    take_lanes_apart(reinterpret_cast<const std::uint8_t*>(from.data()) + begin, threes,
                     reinterpret_cast<std::uint8_t*>(from_lanes.data()));
    from = from_lanes;
  }
  const std::span<std::byte> target = to;
  if (to_.alternates) {
    to_lanes.resize(static_cast<std::size_t>(bytes));
    to = to_lanes;
  }
  for (std::size_t p = 0; p < pieces_.size(); ++p) {
    const WeightMove& move = *slab.moves[p];
    const WeightMove::Bytes plane{from.subspan(static_cast<std::size_t>(start_of(from_, p, number, slab.extent))),
                                  to.subspan(static_cast<std::size_t>(start_of(to_, p, number, slab.extent))),
                                  bypasses_cache && !to_.alternates};
    for (std::size_t stage = 0; stage < move.stages(); ++stage) {
      for (std::int64_t piece = 0; piece < move.pieces(stage); ++piece) {
        PLUMB_CHECK(move.move(stage, piece, plane));  // every code of a plane is one of the other's
      }
    }
  }
  if (!to_.alternates) return finish_moving_tiles();
  put_lanes_together(reinterpret_cast<const std::uint8_t*>(to_lanes.data()), threes,
                     reinterpret_cast<std::uint8_t*>(target.data()) + begin);
}

}  // namespace plumb
