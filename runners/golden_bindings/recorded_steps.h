// Records of whole quantisers, taken apart: each step is judged with what the record holds of the step before.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "golden/golden.h"
#include "reference/layout/layout.h"
#include "reference/tensor.h"

namespace plumb {

/// The steps of a quantiser whose record holds what passes between them.
enum class Step { choose, quantize, dequantize };

/// Names of the values and of the codes in a record of a whole quantiser; the rest are called alike everywhere.
struct WholeNames {
  const char* values;
  const char* codes;
  bool has_zero_point = true;
};

/// A tensor of the record, input or output, under another name. Throws Error if it is missing.
[[nodiscard]] golden::Array taken(const golden::Case& whole, std::string_view name, const char* as);
/// The record as one of that step: `input`, and where the step takes them `scale` and `zero_point`, give `output`.
[[nodiscard]] golden::Case step_of(const golden::Case& whole, Step step, const WholeNames& names);

/// A tensor as if it were recorded.
[[nodiscard]] golden::Array array_of(const char* name, const Tensor& tensor, const char* accept = "bitwise");
[[nodiscard]] Tensor tensor_of(const golden::Array& array);
/// [G, N] as [N, G], of another element type if one is named.
[[nodiscard]] golden::Array transposed(const golden::Array& array, std::optional<DType> dtype = std::nullopt);
/// Packed codes of a record, one an element, as the array "codes".
[[nodiscard]] golden::Array unpacked_codes(const golden::Array& packed, const std::string& layout, const Extent& extent,
                                           DType dtype);

}  // namespace plumb
