// Operators whose every rounding is prescribed, with any number of outputs: calls through the C ABI, and the oracle's
// bits.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "impls/plumbline.h"
#include "reference/op.h"

namespace plumb {

/// What an implementation without `prepare` made of a problem.
struct AbiResult {
  plumb_status status;
  std::vector<Tensor> outputs;  ///< Full of poison where nothing was written.
  bool is_untouched = true;     ///< No byte of any output was written.
  bool overran = false;         ///< A byte beyond an output was written.
};

/// Calls `run` with poisoned outputs.
inline AbiResult run_through_abi(const plumb_impl& impl, const Op& op, const Problem& problem, int threads = 1) {
  constexpr std::byte kPoison{0xa5};
  constexpr std::size_t kGuard = 64;
  std::vector<plumb_tensor> inputs, outputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& tensor = problem.inputs[i];
    auto* data = tensor.present() ? const_cast<std::byte*>(tensor.bytes().data()) : nullptr;
    inputs.push_back({op.inputs[i].name.c_str(), data, tensor.shape().data(),
                      static_cast<std::int32_t>(tensor.shape().size()),
                      tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0});
  }
  const std::vector<Form> forms = output_forms(op, problem.signature);
  std::vector<std::vector<std::byte>> memory;
  AbiResult result{};
  for (const Form& form : forms) {
    result.outputs.emplace_back(form.dtype, form.shape);
    memory.emplace_back(result.outputs.back().bytes().size() + kGuard, kPoison);
    outputs.push_back({op.outputs[outputs.size()].name.c_str(), memory.back().data(), form.shape.data(),
                       static_cast<std::int32_t>(form.shape.size()), static_cast<std::int32_t>(form.dtype)});
  }
  std::vector<plumb_param> params;
  for (const Param& param : op.params) params.push_back({param.name.c_str(), problem.signature[param.name]});
  const plumb_call call{sizeof call,
                        static_cast<std::int32_t>(inputs.size()),
                        inputs.data(),
                        static_cast<std::int32_t>(outputs.size()),
                        static_cast<std::int32_t>(params.size()),
                        outputs.data(),
                        params.data(),
                        threads};
  result.status = impl.run(&impl, &call, nullptr);
  const auto is_poison = [](std::byte byte) { return byte == kPoison; };
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const auto end = memory[i].begin() + static_cast<std::ptrdiff_t>(result.outputs[i].bytes().size());
    result.overran = result.overran || !std::all_of(end, memory[i].end(), is_poison);
    result.is_untouched = result.is_untouched && std::ranges::all_of(memory[i], is_poison);
    std::copy(memory[i].begin(), end, result.outputs[i].bytes().begin());
  }
  return result;
}

/// Every output bit for bit as the oracle has it, signs of zeros included; where it admits several outcomes, one of
/// them. Any NaN is as good as another, and elements that the definition leaves open may be anything.
inline void expect_prescribed(const Op& op, const Problem& problem, const AbiResult& result) {
  ASSERT_EQ(result.status, PLUMB_OK);
  EXPECT_FALSE(result.overran);
  const Answer answer = op.evaluate(problem);
  for (std::size_t output = 0; output < answer.size(); ++output) {
    const Tensor& got = result.outputs[output];
    ASSERT_EQ(static_cast<std::size_t>(got.size()), answer[output].value.size());
    for (std::int64_t i = 0; i < got.size(); ++i) {
      const double want = answer[output].value[static_cast<std::size_t>(i)], value = got.at(i);
      const bool is_float = info(got.dtype()).is_float;
      if (std::isnan(want) && (!is_float || std::isnan(value))) continue;
      const double slack = answer[output].slack.empty() ? 0 : answer[output].slack[static_cast<std::size_t>(i)];
      if (std::isinf(slack) || (slack > 0 && std::abs(value - want) <= slack)) continue;
      ASSERT_TRUE(value == want && (!is_float || std::signbit(value) == std::signbit(want)))
          << op.outputs[output].name << "[" << i << "]: got " << value << ", want " << want;
    }
  }
}

/// Bits that depend on a tensor and an element alone.
inline std::uint64_t mixed_bits(std::uint64_t tensor, std::uint64_t element) {
  std::uint64_t z = (tensor << 40) + element * 0x9e3779b97f4a7c15;  // splitmix64's finaliser
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/// A value for a port of floats: any bit pattern but NaN and infinities, in eight neighbours of sixteen; in the others
/// an ordinary number.
inline double any_finite(DType dtype, std::uint64_t bits, std::uint64_t element) {
  std::byte pattern[8];
  std::memcpy(pattern, &bits, sizeof pattern);
  const double value = load(dtype, pattern);
  if (element % 16 < 8 && std::isfinite(value)) return value;
  return static_cast<double>(bits >> 12) * 0x1p-50 - 1.5;
}

/// A problem with data for every kind of port that a quantiser or packer has.
inline Problem quantiser_problem(const Op& op, const Sizes& sizes) {
  Problem problem{make_signature(op, sizes), {}};
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    problem.inputs.emplace_back();
    if (!is_present(port, problem.signature)) continue;
    Tensor tensor(dtype_of(port, op, problem.signature), shape_of(port, problem.signature));
    for (std::int64_t flat = 0; flat < tensor.size(); ++flat) {
      const auto element = static_cast<std::uint64_t>(flat);
      const std::uint64_t bits = mixed_bits(i, element);
      if (port.fill == Fill::bytes) {
        tensor.bytes()[element] = static_cast<std::byte>(bits);
      } else if (port.fill == Fill::integers) {
        const std::int64_t low = evaluate_formula(port.low, problem.signature.values);
        const std::int64_t high = evaluate_formula(port.high, problem.signature.values);
        tensor.set(flat, static_cast<double>(low + static_cast<std::int64_t>(bits >> 16) % (high - low + 1)));
      } else {
        tensor.set(flat, any_finite(tensor.dtype(), bits, element));
      }
    }
    problem.inputs.back() = std::move(tensor);
  }
  return problem;
}

}  // namespace plumb
