#include "reference/quant/quantised_code.h"

#include <cmath>

#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

double shifted(double rounded, double zero_point) { return clamped(rounded + zero_point, -128, 127); }

}  // namespace

QuantisedCode quantised_code(double x, double scale, double zero_point) {
  const TorchArithmetic f32(DType::f32);
  const double quotient = f32.mul(x, f32.div(1, scale));
  const bool normal = std::abs(scale) >= 0x1p-126 && std::abs(scale) <= 0x1p126;
  if (std::isnan(quotient) || !normal) return {zero_point, zero_point, false};
  const double value = shifted(rne(quotient), zero_point);
  // (1 + u)^2 - 1 <= 2u + u^2, u = 2^-24; below the normal range nothing is near a half.
  const double exact = x / scale;
  if (std::isinf(exact)) return {value, value, true};
  const double error = std::abs(exact) * 0x1.000002p-23;
  const double low = shifted(std::ceil(exact - error - 0.5), zero_point);
  const double high = shifted(std::floor(exact + error + 0.5), zero_point);
  return {value, value == low ? high : low, true};
}

}  // namespace plumb
