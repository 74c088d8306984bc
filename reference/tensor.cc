#include "reference/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "reference/byte_count.h"
#include "reference/error.h"

namespace plumb {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0) throw Error(fmt::format("shape {}: a dimension is negative", to_string(shape)));
    if (__builtin_mul_overflow(count, dim, &count)) {
      throw Error(fmt::format("shape {}: more than 2^63 elements", to_string(shape)));
    }
  }
  return count;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::vector<std::int64_t> unravel(std::int64_t flat, const Shape& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

Tensor::Tensor(DType dtype, Shape shape) : present_(true), dtype_(dtype), shape_(std::move(shape)) {
  count_ = element_count(shape_);
  bytes_.resize(static_cast<std::size_t>(byte_count(dtype, shape_)));
}

Tensor::Tensor(DType dtype, Shape shape, std::vector<std::byte> bytes)
    : present_(true), dtype_(dtype), shape_(std::move(shape)), bytes_(std::move(bytes)) {
  count_ = element_count(shape_);
  const std::int64_t expected = byte_count(dtype, shape_);
  if (size_bytes() != expected) {
    throw Error(fmt::format("tensor: expected {} bytes for {} {}, got {}", expected, plumb::to_string(dtype),
                            plumb::to_string(shape_), size_bytes()));
  }
}

std::span<const std::uint8_t> Tensor::codes() const {
  PLUMB_CHECK(info(dtype_).size_bytes == 1);
  return {reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()};
}

std::span<std::uint8_t> Tensor::codes() {
  PLUMB_CHECK(info(dtype_).size_bytes == 1);
  return {reinterpret_cast<std::uint8_t*>(bytes_.data()), bytes_.size()};
}

}  // namespace plumb
