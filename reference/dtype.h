// Element types of tensors, with the facts that bounds need. One table (dtype.cc) holds everything known about a type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace plumb {

/// Element types that occupy whole bytes. Sub-byte codes live in u8 tensors and are described by a Layout.
/// The values equal `plumb_dtype` of impls/plumbline.h.
enum class DType : std::int32_t { u8 = 1, i8 = 2, i32 = 3, i64 = 4, f16 = 5, bf16 = 6, f32 = 7, f64 = 8 };

/// What is known about an element type.
struct DTypeInfo {
  DType dtype;
  std::string_view name;  ///< As printed and parsed, e.g. "f16".
  int size_bytes;
  bool is_float;
  int precision_bits;  ///< Significand bits including the hidden one (f16: 11); value bits for integers.
  int min_exponent;    ///< Exponent e of the smallest normal 2^e (f16: -14); 0 for integers.
  double max_finite;   ///< Largest finite value.
  double min_finite;   ///< Smallest (most negative) finite value.
};

/// All element types, in the order of DType.
[[nodiscard]] std::span<const DTypeInfo> all_dtypes();
[[nodiscard]] const DTypeInfo& info(DType dtype);
[[nodiscard]] std::string_view to_string(DType dtype);
/// Inverse of to_string. Throws Error naming the known types.
[[nodiscard]] DType dtype_from_string(std::string_view name);

/// Unit roundoff u = 2^-precision of a floating-point type (f32: 2^-24); 0 for integers.
/// Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 2.1.
[[nodiscard]] double unit_roundoff(DType dtype);
/// Smallest positive normal number; 0 for integers.
[[nodiscard]] double min_normal(DType dtype);
/// Smallest positive subnormal number; 0 for integers.
[[nodiscard]] double min_subnormal(DType dtype);

/// `value` rounded to `dtype`: to nearest, ties to even, subnormals kept, overflow to infinity (IEEE 754).
/// Integers: rounded to nearest even and required to be in range. NaN stays NaN.
[[nodiscard]] double round_to(DType dtype, double value);

/// Reads one element. Exact: every type fits a double (i64 must be within +-2^53).
[[nodiscard]] double load(DType dtype, const std::byte* element);
/// Writes round_to(dtype, value).
void store(DType dtype, double value, std::byte* element);

}  // namespace plumb
