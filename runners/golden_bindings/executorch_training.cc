// ExecuTorch's training of quantised weights.
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

// Upstream hands the numbers over one by one.
std::optional<golden::Case> with_factors(golden::Case recorded) {
  constexpr const char* kNames[] = {
      "lr", "beta1", "beta2", "eps", "weight_decay", "bias_correction1", "bias_correction2"};
  Tensor factors(DType::f64, {std::ssize(kNames)});
  for (std::int64_t i = 0; i < factors.size(); ++i) {
    factors.set(i, std::get<double>(recorded.attributes.at(kNames[i])));
  }
  recorded.inputs.push_back(array_of("factors", factors));
  return recorded;
}

}  // namespace

std::vector<GoldenBinding> executorch_training_bindings() {
  return {{.golden_op = "executorch.adamw_step",
           .op = "adamw_step",
           .inputs = {{"param", "param"}, {"m", "m"}, {"v", "v"}, {"grad", "grad"}, {"factors", "factors"}},
           .attributes = {},
           .outputs = {{"param", "param_out"}, {"m", "m_out"}, {"v", "v_out"}},
           .output_dtypes = {},
           .restate = with_factors},
          {.golden_op = "executorch.linear_dW",
           .op = "linear_weight_gradient",
           .inputs = {{"d_out", "d_out"}, {"x", "x"}},
           .attributes = {},
           .outputs = {{"dW", "d_w"}},
           .output_dtypes = {},
           .contract = {DType::f32, DType::f64, DType::f32, 1, 4, false, true}}};
}

}  // namespace plumb
