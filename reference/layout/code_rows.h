// Rows of the codes of a packed weight, some at a time: as integers a whole weight takes many times its bytes.
#pragma once

#include <cstdint>
#include <span>

#include "reference/layout/layout.h"

namespace plumb {

/// The codes of rows `first`, `first` + 1, …, as many as fill `codes`, which is [rows, columns] of the weight. Also of
/// a weight whose codes do not fill its last byte. It asks no LayoutStandIn, and trusts the number of bytes.
void read_rows(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes, std::int64_t first,
               std::span<int> codes);

/// Writes codes [rows, columns] as rows `first`, `first` + 1, … of the weight, and the padding beside them; with its
/// last row also the padding below it. Their bits are zero before. Throws Error if a code is outside the layout's
/// range.
void write_rows(const Layout& layout, Extent extent, std::int64_t first, std::span<const int> codes,
                std::span<std::uint8_t> bytes);

}  // namespace plumb
