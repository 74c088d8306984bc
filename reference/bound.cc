#include "reference/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kOracleRoundoff = 0x1p-53;

// The parts of a bound that are the same for all elements.
struct Factors {
  double relative;      // of the magnitude: rounding of factors, products and sums
  double output;        // of |y|: rounding of the result to the output type
  double underflow;     // of the underflow sum: what one operation can lose below the normal range
  double output_floor;  // absolute: the same for the final rounding
  double overflow;      // an intermediate of this size may have overflowed
  double activation_overflow, weight_overflow;  // likewise x_k and w_k once rounded
};

// What rounding to `dtype` can lose in absolute terms below the normal range: half the subnormal spacing, or, if
// subnormals are flushed, anything below the smallest normal number.
double underflow_unit(DType dtype, bool flushes) { return flushes ? min_normal(dtype) : min_subnormal(dtype) / 2; }

// Whether rounding a value of type `from` to `to` may change it.
bool is_narrower(DType to, DType from) {
  return info(to).precision_bits < info(from).precision_bits || info(to).max_finite < info(from).max_finite;
}

DType activation_dtype(const Op& op, const Signature& signature) {
  for (const Port& port : op.inputs) {
    if (port.fill == Fill::activation) return dtype_of(port, op, signature);
  }
  return DType::f32;
}

// The largest absolute unit by which rounding an activation, a weight, a product or a partial sum may be off. A
// contract that rounds factors to a type with a narrow exponent range (f16) loses more of small ones than the
// accumulator does.
double underflow_unit(const Contract& contract, bool rounds_activation, bool rounds_weight) {
  const auto unit = [&](DType dtype) { return underflow_unit(dtype, contract.flushes_subnormals); };
  return std::max({unit(contract.accumulator), rounds_activation ? unit(contract.activation) : 0,
                   rounds_weight ? unit(contract.weight) : 0});
}

// One term x w passes through: rounding of x (1 + dx), of w (1 + dw), and `chain` roundings of products and partial
// sums,
//   y^ = sum_k x_k w_k (1 + dx)(1 + dw) prod_i (1 + d_i),
//   |y^ - y| <= [(1 + u_x)(1 + u_w)(1 + gamma_n(u)) - 1] sum_k |x_k||w_k|.
// Higham, section 3.1 (inner products in any order of summation: n is the longest chain, section 4.2). The bias is one
// more term that passes through at most as many roundings. The oracle sums in double: gamma_(K+3)(2^-53) more.
Factors factors_of(const Op& op, DType output, const Signature& signature, const Contract& contract) {
  const bool sums = op.arithmetic == Arithmetic::accumulated;
  const std::int64_t length = sums ? evaluate_formula(op.length, signature.values) : 1;
  const std::int64_t chain = sums ? contract.chain(length) : 1;
  const bool rounds_x = sums && is_narrower(contract.activation, activation_dtype(op, signature));
  const bool rounds_w = sums && contract.weight != DType::f64;
  const double u_x = rounds_x ? unit_roundoff(contract.activation) : 0;
  const double u_w = rounds_w ? unit_roundoff(contract.weight) : 0;
  const double summation = gamma(chain, unit_roundoff(contract.accumulator));
  const double oracle = sums ? gamma(length + 3, kOracleRoundoff) : 0;
  // The product of the three factors, minus 1, without cancellation.
  const double relative = std::expm1(std::log1p(u_x) + std::log1p(u_w) + std::log1p(summation));
  return {
      .relative = relative + oracle,
      .output = is_narrower(output, contract.accumulator) ? unit_roundoff(output) : 0,
      // An activation that is not rounded may still be flushed in the type in which the contract says it is handled.
      .underflow = 2 * underflow_unit(contract, rounds_x || (sums && contract.flushes_subnormals), rounds_w),
      .output_floor = underflow_unit(output, contract.flushes_subnormals),
      .overflow = info(contract.accumulator).max_finite,
      .activation_overflow = rounds_x ? info(contract.activation).max_finite : kInfinity,
      .weight_overflow = rounds_w ? info(contract.weight).max_finite : kInfinity};
}

// Written so that NaN counts as overflow.
bool may_overflow(const Factors& f, const Expected& expected, std::size_t i, double error) {
  return !(expected.peak[i] * (1 + f.relative) + error <= f.overflow) ||
         !(expected.largest_activation[i] <= f.activation_overflow) ||
         !(expected.largest_weight[i] <= f.weight_overflow);
}

}  // namespace

double gamma(std::int64_t n, double u) {
  const double nu = static_cast<double>(n) * u;
  return nu < 1 ? nu / (1 - nu) : kInfinity;
}

std::vector<double> bounds(const Op& op, const Signature& signature, const Contract& contract, const Expected& expected,
                           std::size_t output) {
  std::vector<double> result(expected.value.size(), 0);
  if (op.arithmetic == Arithmetic::prescribed) return expected.slack.empty() ? result : expected.slack;
  const Factors f = factors_of(op, dtype_of(op.outputs.at(output), op, signature), signature, contract);
  const bool sums = op.arithmetic == Arithmetic::accumulated;
  PLUMB_CHECK(!sums || expected.largest_weight.size() == result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!sums && !std::isfinite(expected.value[i])) continue;  // one product: exactly NaN or infinite
    // In double nothing overflows: a NaN was put in, or an infinity times zero or against another. Any order of the sum
    // ends in NaN, unless a weight is infinite: its scale may be applied to a sum, inf (x1 - x2) for inf x1 - inf x2.
    // An infinite sum may become NaN on the way (inf q - inf z). Such elements are not judged, but where x itself has a
    // NaN.
    if (sums && std::isnan(expected.value[i])) {
      const bool from_x = std::isnan(expected.largest_activation[i]);
      if (std::isinf(expected.largest_weight[i]) && !from_x) result[i] = kInfinity;
      continue;
    }
    double error = f.relative * expected.magnitude[i] + f.underflow * expected.underflow[i];
    // What is rounded on the way, off by `error` as it is, is off by another u_out of itself.
    if (!expected.rounded_before.empty()) error += f.output * (expected.rounded_before[i] + error) + f.output_floor;
    result[i] = sums && may_overflow(f, expected, i, error)
                    ? kInfinity
                    : error + f.output * (std::abs(expected.value[i]) + error) + f.output_floor;
  }
  return result;
}

}  // namespace plumb
