// Which operators are there? ops.cc is the table.
#pragma once

#include <span>
#include <string_view>

#include "reference/op.h"

namespace plumb {

/// All operators, in the order of the table.
[[nodiscard]] std::span<const Op> all_ops();
/// The operator of that name. Throws Error naming the nearest ones.
[[nodiscard]] const Op& op_named(std::string_view name);

}  // namespace plumb
