// How affine quantisation is bound: for the operations that are one of its steps, and for those that are several.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runners/golden_bindings.h"

namespace plumb {

/// A text attribute; empty if it is missing, or no text.
[[nodiscard]] std::string text_of(const golden::Case& recorded, const std::string& name);
/// An integer attribute; nothing if it is missing, or no integer ("none").
[[nodiscard]] std::optional<std::int64_t> integer_of(const golden::Case& recorded, const std::string& name);
/// The element type that torch calls "float32", "uint4" (in u8), ..., as a parameter's value. Throws Error if unknown.
[[nodiscard]] std::int64_t dtype_code(const std::string& name);
/// The attribute "block_size", a list such as "[1, 32]"; empty if it is missing.
[[nodiscard]] Shape block_size_of(const golden::Case& recorded);
/// The record with scales and zero points of one shape, blocks x blocks: upstream drops or keeps axes of one element.
/// Nothing if its blocks or element types are beyond our operators.
[[nodiscard]] std::optional<golden::Case> on_grid(golden::Case recorded);

/// Bindings of operations that take `input` (and `scale`, `zero_point`) and give `output`, or scale and zero point.
/// `parameters` says what the latter are called; with `has_scalars` they are attributes.
[[nodiscard]] GoldenBinding quantize(const char* name, const GoldenBinding::Renames& parameters, Sizes fixed,
                                     bool has_scalars = false);
[[nodiscard]] GoldenBinding dequantize(const char* name, const GoldenBinding::Renames& parameters,
                                       bool has_scalars = false);
[[nodiscard]] GoldenBinding choose(const char* name, Sizes fixed);
/// Bindings of tinygemm's choosing, quantising and dequantising, in that order.
[[nodiscard]] std::vector<GoldenBinding> tinygemm_bindings();

}  // namespace plumb
