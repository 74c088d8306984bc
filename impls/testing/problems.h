// Problems for unit tests of kernels, made without the campaign's data.
#pragma once

#include <cmath>
#include <cstdint>

#include "reference/kernel/code_sums.h"
#include "reference/op.h"

namespace plumb {

// Bits that depend on a tensor and an element alone.
inline std::uint64_t bits_at(std::uint64_t tensor, std::uint64_t element) {
  std::uint64_t z = (tensor << 40) + element * 0x9e3779b97f4a7c15;  // splitmix64's finaliser
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/// Sums that are exact in eleven bits, or numbers of many sizes and all bits.
enum class Data { exact, spread };

inline double value_for(const Port& port, DType type, std::uint64_t bits, const Sizes& sizes, Data data) {
  const double unit = static_cast<double>(bits >> 12) * 0x1p-52;  // [0, 1)
  if (!port.high.empty()) {
    const auto low = static_cast<double>(evaluate_formula(port.low, sizes));
    return std::floor(low + unit * (static_cast<double>(evaluate_formula(port.high, sizes)) - low + 1));
  }
  if (port.fill == Fill::integers) {  // any of the type
    const DTypeInfo& limits = info(type);
    return std::floor(limits.min_finite + unit * (limits.max_finite - limits.min_finite + 1));
  }
  // Sums of these are whole multiples of 1/8 and small enough for f16's 11 bits.
  const bool of_activation = port.fill == Fill::activation_scale || port.fill == Fill::result_scale;
  if (of_activation) return data == Data::exact ? 1 : std::ldexp(unit + 0.5, -6);
  if (data == Data::exact) return port.fill == Fill::scale ? 0.125 : std::floor(unit * 3) - 1;
  return port.fill == Fill::scale ? std::ldexp(unit - 0.3, static_cast<int>(bits % 12) - 14) : 4 * unit - 1.5;
}

/// A problem of these sizes and parameters, the same each time.
inline Problem problem_of(const Op& op, const Sizes& sizes, Data data) {
  Problem problem{make_signature(op, sizes), {}};
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    Tensor tensor;
    if (is_present(port, problem.signature)) {
      tensor = Tensor(dtype_of(port, op, problem.signature), shape_of(port, problem.signature));
    }
    const bool is_bytes = port.fill == Fill::bytes || port.fill == Fill::codes;
    for (std::int64_t flat = 0; flat < (is_bytes ? tensor.size_bytes() : tensor.size()); ++flat) {
      const std::uint64_t bits = bits_at(i, static_cast<std::uint64_t>(flat));
      if (is_bytes) {
        tensor.bytes()[static_cast<std::size_t>(flat)] = static_cast<std::byte>(bits);
      } else {
        tensor.set(flat, value_for(port, tensor.dtype(), bits, problem.signature.values, data));
      }
    }
    if (port.fill == Fill::code_sums) {
      tensor = code_sums(op, problem.signature, problem.inputs[op.input_index("weights")]);
    }
    problem.inputs.push_back(std::move(tensor));
  }
  return problem;
}

}  // namespace plumb
