#include "reference/quant/torch_arithmetic.h"

#include <algorithm>
#include <cmath>

#include "reference/error.h"

namespace plumb {

DType promoted(DType a, DType b) {
  if (!info(a).is_float) std::swap(a, b);
  PLUMB_CHECK(info(a).is_float);
  if (!info(b).is_float || a == b) return a;
  return a == DType::f64 || b == DType::f64 ? DType::f64 : DType::f32;
}

// A sum, product or quotient of two f32 numbers that is rounded to f64 and then to f32 is the one rounded once, since
// 53 >= 2 * 24 + 2 (S. Figueroa, When is double rounding innocuous?, 1995).
double TorchArithmetic::rounded(double value) const {
  return dtype_ == DType::f64 ? value : round_to(dtype_, round_to(DType::f32, value));
}

double rne(double value) { return std::nearbyint(value); }

double clamped(double value, double low, double high) {
  return std::isnan(value) ? value : std::min(std::max(value, low), high);
}

}  // namespace plumb
