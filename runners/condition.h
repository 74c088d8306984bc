// Under which condition on sizes and parameters cases fail: the smallest conjunction that tells them from those that
// pass.
#pragma once

#include <map>
#include <span>
#include <string>

#include "reference/op.h"

namespace plumb {

/// What is known of one case: its sizes and parameters, and whether its output is wrong.
struct Instance {
  Sizes values;
  bool fails;
};

/// A condition, and how many cases it tells apart.
struct Condition {
  std::string text;          ///< "group > 32 && group % 32 != 0 && M <= 3"; empty if none of at most six parts does.
  std::int64_t failing = 0;  ///< All of these satisfy it, …
  std::int64_t passing = 0;  ///< … and none of these does.
};

/// Parts are comparisons of a size or parameter of the operator with a value that occurs, and divisibility by a power
/// of two: the ones that say most stand first. Nothing is found if there is no failing or no passing case.
[[nodiscard]] Condition condition_of(const Op& op, std::span<const Instance> instances);

}  // namespace plumb
