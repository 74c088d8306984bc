// Which packed layouts are there? layouts.cc is the table.
#pragma once

#include <span>
#include <string_view>

#include "reference/layout/layout.h"

namespace plumb {

/// All layouts, in the order of the table.
[[nodiscard]] std::span<const Layout> all_layouts();
/// The layout of that name. Throws Error naming the known ones.
[[nodiscard]] const Layout& layout_named(std::string_view name);

}  // namespace plumb
