// Arithmetic as torch does it in an element type: f16 and bf16 compute in f32, and every result is rounded.
#pragma once

#include "reference/dtype.h"

namespace plumb {

/// The type in which torch combines elements of two types: the floating-point one, the wider of two; f16 with bf16 give
/// f32. Source: torch.promote_types for tensors that are not scalars.
[[nodiscard]] DType promoted(DType a, DType b);

/// Operations in one floating-point type. Each is rounded to f32 first (f64 apart) and then to the type.
class TorchArithmetic {
 public:
  explicit TorchArithmetic(DType dtype) : dtype_(dtype) {}

  [[nodiscard]] double rounded(double value) const;
  [[nodiscard]] double add(double a, double b) const { return rounded(a + b); }
  [[nodiscard]] double sub(double a, double b) const { return rounded(a - b); }
  [[nodiscard]] double mul(double a, double b) const { return rounded(a * b); }
  [[nodiscard]] double div(double a, double b) const { return rounded(a / b); }

 private:
  DType dtype_;
};

/// torch.round: the nearest integer, ties to even.
[[nodiscard]] double rne(double value);

/// torch.clamp: NaN stays NaN.
[[nodiscard]] double clamped(double value, double low, double high);

}  // namespace plumb
