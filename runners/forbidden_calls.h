// Calls that an operator forbids, made from legal ones.
#pragma once

#include <string>
#include <vector>

#include "reference/op.h"

namespace plumb {

/// A call, and what was done to it: "shape of weights".
struct Spoilt {
  std::string what;
  Problem problem;
};

/// Whether the operator's description forbids the call.
[[nodiscard]] bool is_forbidden(const Op& op, const Problem& problem);

/// Element types that a port cannot have; shapes with one more or less along an axis, an axis more, and none at all;
/// parameters next to their value, zero, negative and huge; elements next to their limits; inputs that are missing: of
/// these what the operator forbids.
[[nodiscard]] std::vector<Spoilt> forbidden_calls(const Op& op, const Problem& legal);

}  // namespace plumb
