// Pieces of operator descriptions that several kernels share.
#pragma once

#include <initializer_list>
#include <string>

#include "reference/layout/layouts.h"
#include "reference/op.h"

namespace plumb {

/// An element-type parameter; the first choice is its default.
[[nodiscard]] inline Param float_param(std::string name, std::string meaning, std::initializer_list<DType> choices) {
  Param param{std::move(name), std::move(meaning), Param::Kind::dtype, {}, static_cast<std::int64_t>(*choices.begin())};
  for (const DType choice : choices) param.values.push_back(static_cast<std::int64_t>(choice));
  return param;
}

}  // namespace plumb
