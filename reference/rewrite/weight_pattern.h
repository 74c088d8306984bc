// A weight that is dequantised before it is used: what embeddings and linear layers have in common, and its conditions.
#pragma once

#include <optional>
#include <string>

#include "reference/rewrite/trace.h"

namespace plumb::graph {

/// w = (codes - zero points) * scales, one scale for `group` columns of a row.
struct WeightPattern {
  int dequantize = -1;
  std::optional<Ref> codes = {}, scales = {};
  std::int64_t rows = 0, columns = 0, group = 0;
};

/// Each fills in or checks the pattern; empty if it holds, else what was found.
[[nodiscard]] std::string is_dequantised(const Editor& editor, const std::optional<Ref>& weight,
                                         WeightPattern& pattern);
[[nodiscard]] std::string has_range(const Editor& editor, const WeightPattern& pattern, double low, double high);
[[nodiscard]] std::string from_i8(const Editor& editor, const WeightPattern& pattern);
[[nodiscard]] std::string codes_are_parameter(const Editor& editor, WeightPattern& pattern);
/// Codes [rows, columns], in blocks of [1, group].
[[nodiscard]] std::string has_groups(const Editor& editor, WeightPattern& pattern);
[[nodiscard]] std::string scales_are_parameter(const Editor& editor, WeightPattern& pattern);
[[nodiscard]] std::string zero_points_are_zero(const Editor& editor, const WeightPattern& pattern);
[[nodiscard]] std::string codes_within(const Editor& editor, const WeightPattern& pattern, double low, double high);
/// The codes packed two a byte, even column in the low nibble, rows padded to a multiple of 8.
[[nodiscard]] Ref packed_codes(Editor& editor, const WeightPattern& pattern, const class Packer& packer);

}  // namespace plumb::graph
