// Pieces of operator descriptions that several kernels share.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "reference/layout/layouts.h"
#include "reference/op.h"

namespace plumb {

/// An element-type parameter; the first choice is its default.
[[nodiscard]] inline Param float_param(std::string name, std::string meaning, std::initializer_list<DType> choices) {
  Param param{std::move(name), std::move(meaning), Param::Kind::dtype, {}, static_cast<std::int64_t>(*choices.begin())};
  for (const DType choice : choices) param.values.push_back(static_cast<std::int64_t>(choice));
  return param;
}

/// Sizes of linear layers that planned cases take.
[[nodiscard]] inline Size rows_of_activation() {
  return {"M", "rows of activation", {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33}};
}
[[nodiscard]] inline Size outputs_of(std::vector<std::int64_t> sweep) { return {"N", "outputs", std::move(sweep)}; }
[[nodiscard]] inline Size outputs() {
  return outputs_of({1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 129});
}
[[nodiscard]] inline Size reduction(std::vector<std::int64_t> sweep) { return {"K", "reduction", std::move(sweep)}; }

[[nodiscard]] inline Param group_param(std::vector<std::int64_t> planned) {
  return {"group", "elements of K that share a scale", Param::Kind::integer, std::move(planned), std::nullopt};
}
[[nodiscard]] inline Param flag_param(std::string name, std::string meaning) {
  return {std::move(name), std::move(meaning), Param::Kind::flag, {0, 1}, 0};
}
[[nodiscard]] inline Param choice_param(std::string name, std::string meaning, std::vector<std::string> words) {
  Param param{std::move(name), std::move(meaning), Param::Kind::choice, {}, 0};
  for (std::size_t i = 0; i < words.size(); ++i) param.values.push_back(static_cast<std::int64_t>(i));
  param.words = std::move(words);
  return param;
}
[[nodiscard]] inline Param lead_param() {
  return {"lead", "number of dimensions that M is spread over", Param::Kind::integer, {1, 2, 3}, 1};
}

/// The activation and the result of a linear layer: x[M..., K] gives y[M..., N], both of the type that `x` chooses.
[[nodiscard]] inline Port activation_port(std::string name = "x") {
  return {.name = std::move(name), .meaning = "activation", .dtype = "x", .shape = "M..., K", .fill = Fill::activation};
}
[[nodiscard]] inline Port result_port() { return {.name = "y", .meaning = "result", .dtype = "x", .shape = "M..., N"}; }
[[nodiscard]] inline Port constant_port(std::string name, std::string meaning, std::string dtype, std::string shape,
                                        Fill fill) {
  return {.name = std::move(name),
          .meaning = std::move(meaning),
          .dtype = std::move(dtype),
          .shape = std::move(shape),
          .role = Role::constant,
          .fill = fill};
}
/// A constant that is there if the flag of its name is set.
[[nodiscard]] inline Port optional_port(Port port) {
  port.present_if = port.name;
  return port;
}

}  // namespace plumb
