#include "runners/bench/data.h"

#include <algorithm>
#include <cstring>

#include "reference/formula.h"
#include "runners/philox.h"

namespace plumb::bench {
namespace {

// A prime: what repeats does so at no power of two.
constexpr std::int64_t kPeriod = 65521;

void repeat(std::span<std::byte> bytes, std::size_t period) {
  for (std::size_t full = period; full < bytes.size(); full *= 2) {
    std::memcpy(bytes.data() + full, bytes.data(), std::min(full, bytes.size() - full));
  }
}

// Formulas of the smallest and the largest integer: the port's, or where it allows any, those of the codes that its
// operator quantises to. Empty: any.
struct IntegerRange {
  IntegerRange(const Op& op, const Port& port) : low(port.low), high(port.high) {
    if (!high.empty() || port.fill != Fill::integers || op.param("quant_max") == nullptr) return;
    low = "quant_min", high = "quant_max";
  }
  std::string low, high;
};

double value(const Port& port, const IntegerRange& range, const DTypeInfo& type, const Sizes& sizes,
             const Random& random, std::uint64_t index) {
  if (!range.high.empty()) {
    return static_cast<double>(
        random.integer(index, evaluate_formula(range.low, sizes), evaluate_formula(range.high, sizes)));
  }
  if (port.fill == Fill::scale || port.fill == Fill::result_scale) return random.uniform(index, 1.0 / 64, 1.0 / 64);
  if (type.is_float) return random.uniform(index, -1, 2);
  const std::int64_t reach = type.size_bytes == 1 ? 127 : 1000;
  return static_cast<double>(random.integer(index, type.min_finite < 0 ? -reach : 0, reach));
}

Tensor make_input(const Op& op, const Signature& signature, const Port& port) {
  if (!is_present(port, signature)) return {};
  Tensor tensor(dtype_of(port, op, signature), shape_of(port, signature));
  const DTypeInfo& type = info(tensor.dtype());
  const Random random(0, port.name);
  const std::int64_t fresh = std::min(tensor.size(), kPeriod);
  const IntegerRange range(op, port);
  const bool any_bits = range.high.empty() && type.size_bytes == 1;
  for (std::int64_t i = 0; i < fresh; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    if (any_bits) {
      tensor.bytes()[index] = static_cast<std::byte>(random.bits(index));
    } else {
      tensor.set(i, value(port, range, type, signature.values, random, index));
    }
  }
  repeat(tensor.bytes(), static_cast<std::size_t>(fresh * type.size_bytes));
  return tensor;
}

}  // namespace

Problem bench_problem(const Op& op, const Signature& signature) {
  Problem problem{signature, {}};
  for (const Port& port : op.inputs) problem.inputs.push_back(make_input(op, signature, port));
  return problem;
}

}  // namespace plumb::bench
