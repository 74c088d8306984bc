// What implementations answer, for properties that compare one answer with another.
#pragma once

#include <string_view>
#include <vector>

#include "runners/check.h"

namespace plumb {

/// The built-in implementations of an operator that can run on this machine, devices included. Throws if there is none,
/// or no device although the environment variable PLUMB_REQUIRE contains "vulkan".
[[nodiscard]] std::vector<Subject> runnable(std::string_view op);

/// What the implementation writes to the first output. Throws, naming it, if it does not return PLUMB_OK or touches
/// what is not its own.
[[nodiscard]] Tensor answer(const Subject& subject, const Op& op, const Problem& problem);

}  // namespace plumb
