// Tensors as rows, for properties that move, replace and compare rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "reference/tensor.h"

namespace plumb {

/// The bytes of row `row` of a tensor that is cut into `rows` equal rows.
[[nodiscard]] inline std::span<const std::byte> row_of(const Tensor& tensor, std::int64_t row, std::int64_t rows) {
  const auto size = static_cast<std::size_t>(tensor.size_bytes() / rows);
  return tensor.bytes().subspan(static_cast<std::size_t>(row) * size, size);
}

/// `tensor` with one row taken from a tensor of the same shape and type.
[[nodiscard]] inline Tensor with_row(Tensor tensor, std::int64_t row, std::int64_t rows, const Tensor& other) {
  const auto size = static_cast<std::size_t>(tensor.size_bytes() / rows);
  std::ranges::copy(row_of(other, row, rows), tensor.bytes().begin() + static_cast<std::ptrdiff_t>(row * size));
  return tensor;
}

/// Whether row `row_a` of `a` and row `row_b` of `b` hold the same bits.
[[nodiscard]] inline bool same_row(const Tensor& a, std::int64_t row_a, const Tensor& b, std::int64_t row_b,
                                   std::int64_t rows) {
  return std::ranges::equal(row_of(a, row_a, rows), row_of(b, row_b, rows));
}

}  // namespace plumb
