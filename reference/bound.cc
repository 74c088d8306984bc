#include "reference/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

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
};

// What rounding to `dtype` can lose in absolute terms below the normal range: half the subnormal spacing, or, if
// subnormals are flushed, anything below the smallest normal number.
double underflow_unit(DType dtype, bool flushes) { return flushes ? min_normal(dtype) : min_subnormal(dtype) / 2; }

// Rounding something held in `from` to `to` costs nothing if every value of `from` is a value of `to`.
double roundoff_if_narrower(DType from, DType to) {
  return info(to).precision_bits < info(from).precision_bits ? unit_roundoff(to) : 0;
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
//   y^ = sum_k x_k w_k (1 + dx)(1 + dw) prod_i (1 + d_i)  =>  |y^ - y| <= [(1+u_x)(1+u_w)(1+gamma_n(u)) - 1] sum
//   |x_k||w_k|.
// Higham, section 3.1 (inner products in any order of summation: n is the longest chain, section 4.2). The bias is one
// more term that passes through at most as many roundings. The oracle sums in double: gamma_(K+3)(2^-53) more.
Factors factors_of(const Op& op, const Signature& signature, const Contract& contract) {
  const DType output = dtype_of(op.output, op, signature);
  const bool sums = op.arithmetic == Arithmetic::accumulated;
  const std::int64_t length = sums ? evaluate_formula(op.length, signature.values) : 1;
  const std::int64_t chain = sums ? contract.chain(length) : 1;
  const double u_x = sums ? roundoff_if_narrower(activation_dtype(op, signature), contract.activation) : 0;
  const bool rounds_weight = sums && contract.weight != DType::f64;
  const double u_w = rounds_weight ? unit_roundoff(contract.weight) : 0;
  const double summation = gamma(chain, unit_roundoff(contract.accumulator));
  const double oracle = sums ? gamma(length + 3, kOracleRoundoff) : 0;
  // The product of the three factors, minus 1, without cancellation.
  const double relative = std::expm1(std::log1p(u_x) + std::log1p(u_w) + std::log1p(summation));
  return {relative + oracle, roundoff_if_narrower(contract.accumulator, output),
          2 * underflow_unit(contract, u_x > 0, rounds_weight), underflow_unit(output, contract.flushes_subnormals),
          info(contract.accumulator).max_finite};
}

}  // namespace

double gamma(std::int64_t n, double u) {
  const double nu = static_cast<double>(n) * u;
  return nu < 1 ? nu / (1 - nu) : kInfinity;
}

std::vector<double> bounds(const Op& op, const Signature& signature, const Contract& contract,
                           const Expected& expected) {
  std::vector<double> result(expected.value.size(), 0);
  if (op.arithmetic == Arithmetic::data_movement) return result;
  const Factors f = factors_of(op, signature, contract);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!std::isfinite(expected.value[i]) && op.arithmetic == Arithmetic::rounded_once) continue;  // exactly NaN or inf
    const double computed = f.relative * expected.magnitude[i] + f.underflow * expected.underflow[i];
    const bool may_overflow = !(expected.peak[i] + computed <= f.overflow);  // also true for NaN
    if (may_overflow && op.arithmetic == Arithmetic::accumulated) {
      result[i] = kInfinity;
    } else {
      result[i] = computed + f.output * (std::abs(expected.value[i]) + computed) + f.output_floor;
    }
  }
  return result;
}

}  // namespace plumb
