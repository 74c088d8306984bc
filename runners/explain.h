// Operators in words, for `plumb ops`, and the layout pictures of the report: all derived from the descriptions.
#pragma once

#include <string>
#include <vector>

#include "reference/op.h"
#include "reports/html.h"

namespace plumb {

/// One line for each operator.
[[nodiscard]] std::string list_ops();
/// Everything about one: formula, sizes, parameters, ports, constraints, bound, data modes, layouts as ASCII pictures,
/// and how those are got wrong.
[[nodiscard]] std::string explain_op(const Op& op);
/// A picture of every packed layout of every operator.
[[nodiscard]] std::vector<LayoutPicture> layout_pictures();

}  // namespace plumb
