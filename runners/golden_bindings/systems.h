// Each upstream system's bindings, in a file of its own, and those of a family that systems share.
// all_golden_bindings() puts them together.
#pragma once

#include <vector>

#include "runners/golden_bindings.h"

namespace plumb {

[[nodiscard]] std::vector<GoldenBinding> openvino_bindings();
[[nodiscard]] std::vector<GoldenBinding> nncf_bindings();
[[nodiscard]] std::vector<GoldenBinding> torchao_bindings();
[[nodiscard]] std::vector<GoldenBinding> executorch_bindings();
/// torchao's and ATen's linear layers with 4-bit weights.
[[nodiscard]] std::vector<GoldenBinding> int4_linear_bindings();
[[nodiscard]] std::vector<GoldenBinding> executorch_int8_bindings();
[[nodiscard]] std::vector<GoldenBinding> executorch_q8ta_bindings();
[[nodiscard]] std::vector<GoldenBinding> executorch_training_bindings();
/// torchao's and ATen's linear layers with integer weights, and with activations quantised on the fly.
[[nodiscard]] std::vector<GoldenBinding> integer_linear_bindings();
/// Affine quantisation, which torchao and executorch share.
[[nodiscard]] std::vector<GoldenBinding> affine_bindings();
/// Quantisers of torchao that are several of its steps.
[[nodiscard]] std::vector<GoldenBinding> quantiser_step_bindings();
/// torchao's quantisers of 4-bit weights that pack what they quantise, and its half-quadratic quantisers.
[[nodiscard]] std::vector<GoldenBinding> int4_quantiser_bindings();
[[nodiscard]] std::vector<GoldenBinding> hqq_bindings();
/// torchao's quantised tensors as a whole: made, cut and looked up.
[[nodiscard]] std::vector<GoldenBinding> quantised_tensor_bindings();

}  // namespace plumb
