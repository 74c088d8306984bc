// What an implementation promises about its arithmetic.
#pragma once

#include <cstdint>

#include "reference/dtype.h"

namespace plumb {

/// The C++ form of plumb_contract (impls/plumbline.h documents each field).
struct Contract {
  DType activation = DType::f32;   ///< Type the activation is rounded to before it is multiplied.
  DType weight = DType::f64;       ///< Type (code - zero point) * scale is rounded to; f64 = used unrounded.
  DType accumulator = DType::f32;  ///< Type of products, partial sums and their scaling.
  std::int32_t chain_divisor = 1;  ///< Longest chain of roundings: ceil(length / chain_divisor) + chain_extra.
  std::int32_t chain_extra = 4;
  bool flushes_subnormals = false;
  bool deterministic = true;

  /// Longest chain of roundings that one of `length` products passes through.
  [[nodiscard]] std::int64_t chain(std::int64_t length) const {
    return (length + chain_divisor - 1) / chain_divisor + chain_extra;
  }
};

}  // namespace plumb
