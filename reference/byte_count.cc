#include "reference/byte_count.h"

#include <fmt/format.h>

#include "reference/error.h"

namespace plumb {

std::int64_t byte_count(DType dtype, const Shape& shape) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(element_count(shape), info(dtype).size_bytes, &bytes)) {
    throw Error(fmt::format("tensor: {} {} has more than 2^63 bytes", to_string(dtype), to_string(shape)));
  }
  return bytes;
}

}  // namespace plumb
