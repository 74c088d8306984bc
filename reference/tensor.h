// An owning, dense, row-major tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/dtype.h"

namespace plumb {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions; 1 for a scalar. Throws Error if a dimension is negative or the product overflows.
[[nodiscard]] std::int64_t element_count(const Shape& shape);
/// "[4, 40]"; "[]" for a scalar.
[[nodiscard]] std::string to_string(const Shape& shape);
/// Index of the element at row-major position `flat`.
[[nodiscard]] std::vector<std::int64_t> unravel(std::int64_t flat, const Shape& shape);

/// Element type, shape and bytes. Elements are read and written as double (see load and store).
class Tensor {
 public:
  Tensor() = default;  ///< An absent tensor: what an optional input that was not given looks like.
  Tensor(DType dtype, Shape shape);
  /// Takes bytes over. Throws Error if their number does not fit dtype and shape.
  Tensor(DType dtype, Shape shape, std::vector<std::byte> bytes);

  [[nodiscard]] bool present() const { return present_; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t size() const { return count_; }
  [[nodiscard]] std::int64_t size_bytes() const { return static_cast<std::int64_t>(bytes_.size()); }

  /// Element at row-major position `flat`.
  [[nodiscard]] double at(std::int64_t flat) const { return load(dtype_, element(flat)); }
  /// Rounds to the element type and stores.
  void set(std::int64_t flat, double value) { store(dtype_, value, bytes_.data() + offset(flat)); }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() { return bytes_; }
  /// The bytes as unsigned codes. Only for one-byte element types.
  [[nodiscard]] std::span<const std::uint8_t> codes() const;
  [[nodiscard]] std::span<std::uint8_t> codes();

 private:
  [[nodiscard]] std::int64_t offset(std::int64_t flat) const { return flat * info(dtype_).size_bytes; }
  [[nodiscard]] const std::byte* element(std::int64_t flat) const { return bytes_.data() + offset(flat); }

  bool present_ = false;
  DType dtype_ = DType::u8;
  Shape shape_;
  std::int64_t count_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace plumb
