// Layouts whose codes lie in several pieces, as several layouts: a plane of each piece, whose codes lie in one.
//
// Some rows at a time, a slab, the planes of a weight go from one layout to another as weights of their own. Where the
// bytes of planes alternate, in units of three, those of a slab are taken apart before, or put together after.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/weight_move.h"

namespace plumb {

/// Moves a weight plane by plane. Codes stay what they are.
class PlaneMove {
 public:
  /// Nothing if the layouts' codes do not have pieces of the same widths, all of them powers of two, of which a slab
  /// keeps each apart; or if codes change, or are padded.
  static std::optional<PlaneMove> plan(const Layout& from, const Layout& to, int add, Extent extent);

  /// Slabs, which may be moved in any order and by several threads; `to` is zeroed before.
  [[nodiscard]] std::int64_t count() const { return (extent_.rows + rows_ - 1) / rows_; }
  void move(std::int64_t slab, std::span<const std::byte> from, std::span<std::byte> to, bool bypasses_cache) const;

 private:
  // Bits of a code that make up a plane.
  struct Piece {
    int lowest, bits;
  };
  // How one of the layouts keeps the planes of a slab.
  struct Side {
    const Layout* layout;
    bool alternates = false;                  // in units of three bytes
    std::vector<Layout> planes = {};          // of a slab, its bytes taken apart: the first code lies in byte 0
    std::vector<std::int64_t> first = {};     // where each plane's first slab begins,
    std::vector<std::int64_t> distance = {};  // and the next one; all of a slab's together if planes alternate
  };
  // What a slab's planes need.
  struct Slab {
    Extent extent;
    std::vector<std::unique_ptr<WeightMove>> moves;
  };

  PlaneMove(Extent extent, std::int64_t rows) : extent_(extent), rows_(rows) {}
  static std::vector<Piece> pieces_of(const Layout& from, const Layout& to, Extent extent);
  [[nodiscard]] std::optional<Side> side_of(const Layout& layout) const;
  [[nodiscard]] bool keeps_slabs_apart(const Side& side) const;
  [[nodiscard]] Extent slab_extent(std::int64_t slab) const;
  [[nodiscard]] Slab prepared(Extent slab) const;
  [[nodiscard]] std::int64_t start_of(const Side& side, std::size_t plane, std::int64_t number, Extent slab) const;

  Extent extent_;
  std::int64_t rows_;  // of a slab
  std::vector<Piece> pieces_;
  Side from_{}, to_{};
  Slab whole_{}, last_{};  // the last one may have fewer rows
};

}  // namespace plumb
