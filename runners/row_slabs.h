// Weights that can be repacked some rows at a time, each time as a smaller weight of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "reference/layout/layout.h"

namespace plumb {

/// Slabs of `rows` rows, of which the last may have fewer. In both layouts the bytes of a slab follow those of the one
/// before, and lie there as those of a weight that consists of it alone.
struct RowSlabs {
  std::int64_t rows;
  std::int64_t count;
  std::int64_t from_bytes, to_bytes;  ///< Of a whole slab.
};

/// Slabs whose source has about so many bytes. Nothing if a layout mixes rows that lie far apart.
[[nodiscard]] std::optional<RowSlabs> row_slabs(const Layout& from, const Layout& to, Extent extent,
                                                std::int64_t bytes);

}  // namespace plumb
