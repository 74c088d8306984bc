// Following a tensor back to what it is made of.
#pragma once

#include <optional>
#include <string>

#include "reference/graph/operators.h"
#include "reference/rewrite/editor.h"

namespace plumb::graph {

/// An argument's tensor, past operators that return it as it is (detach, clone, …); none if it is no tensor.
[[nodiscard]] std::optional<Ref> traced(const Editor& editor, const Argument& argument);
/// The same by the name of the argument.
[[nodiscard]] std::optional<Ref> traced(const Editor& editor, const Node& node, std::string_view argument);
/// The constant that a tensor is; null if it is none, or has no bytes.
[[nodiscard]] const Constant* constant_at(const Editor& editor, const std::optional<Ref>& ref);
/// A number: a literal, or a constant of one element.
[[nodiscard]] std::optional<double> number_at(const Editor& editor, const Argument& argument);
/// The same; `absent` where there is no argument. None if there is one that is not known.
[[nodiscard]] std::optional<double> number_or(const Editor& editor, const Argument& argument, double absent);
/// Whether an operator makes numbers of codes: "torchao::dequantize_affine",
/// "quantized_decomposed::dequantize_per_token".
[[nodiscard]] bool is_dequantize(const Node& node);
/// A number if it is whole and has less than 31 bits.
[[nodiscard]] std::optional<std::int64_t> integer_at(const Editor& editor, const Argument& argument);
/// The whole numbers of a list, or of a constant of rank 1.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integers_at(const Editor& editor, const Argument& argument);
/// Whether all elements are 0.
[[nodiscard]] bool all_zero(const Constant& constant);
/// "'b_codes'": how messages name a tensor.
[[nodiscard]] std::string named(const Editor& editor, const std::optional<Ref>& ref);

}  // namespace plumb::graph
