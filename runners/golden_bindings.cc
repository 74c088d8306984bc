#include "runners/golden_bindings.h"

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

std::vector<GoldenBinding> make_bindings() {
  std::vector<GoldenBinding> bindings;
  for (const auto system :
       {openvino_bindings, nncf_bindings, torchao_bindings, int4_linear_bindings, integer_linear_bindings,
        executorch_bindings, executorch_int8_bindings, executorch_q8ta_bindings, executorch_training_bindings,
        affine_bindings, quantiser_step_bindings, int4_quantiser_bindings, hqq_bindings, quantised_tensor_bindings}) {
    for (GoldenBinding& binding : system()) bindings.push_back(std::move(binding));
  }
  return bindings;
}

}  // namespace

std::span<const GoldenBinding> all_golden_bindings() {
  static const std::vector<GoldenBinding> bindings = make_bindings();
  return bindings;
}

std::vector<const GoldenBinding*> golden_bindings_of(std::string_view golden_op) {
  std::vector<const GoldenBinding*> found;
  for (const GoldenBinding& binding : all_golden_bindings()) {
    if (binding.golden_op == golden_op) found.push_back(&binding);
  }
  return found;
}

}  // namespace plumb
