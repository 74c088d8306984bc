// torchao's half-quadratic quantisers.
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

// Parameters are one a group here, whatever shape upstream gives them.
golden::Case with_flat_parameters(golden::Case recorded) {
  for (golden::Array& array : recorded.outputs) {
    if (array.name == "scale" || array.name == "zero") array.shape = {element_count(array.shape)};
  }
  return recorded;
}

GoldenBinding with_zeros() {
  return {.golden_op = "torchao._choose_qparams_and_quantize_affine_hqq",
          .op = "quantize_hqq",
          .inputs = {{"tensor", "w"}},
          .attributes = {{"nbits", "bits"},
                         {"group_size", "group"},
                         {"axis", "axis"},
                         {"optimize", "optimize"},
                         {"raw_output", "raw"}},
          .outputs = {{"W_q", "codes"}, {"scale", "scale"}, {"zero", "zero"}},
          .output_dtypes = {},
          .adapt = [](const golden::Case& recorded,
                      Sizes& params) { params["param"] = dtype_code(text_of(recorded, "compute_dtype")); },
          .restate = with_flat_parameters};
}

GoldenBinding scale_only() {
  return {.golden_op = "torchao._choose_qparams_and_quantize_scale_only_hqq",
          .op = "quantize_hqq_scale_only",
          .inputs = {{"hp_tensor", "w"}},
          .attributes = {{"qmin", "quant_min"}, {"qmax", "quant_max"}},
          .outputs = {{"qdata", "codes"}, {"scale", "scale"}},
          .output_dtypes = {{"qdata", "code"}},
          .adapt = [](const golden::Case& recorded, Sizes& params) {
            params["group"] = parse_list(text_of(recorded, "block_size")).back();
          }};
}

// IntxUnpackedToInt8Tensor, whose range is that of its width.
GoldenBinding intx() {
  GoldenBinding binding = scale_only();
  binding.golden_op = "torchao.IntxUnpackedToInt8Tensor.from_hp";
  binding.inputs = {{"w", "w"}};
  binding.restate = [](golden::Case whole) -> std::optional<golden::Case> {
    if (text_of(whole, "algorithm") != "hqq_scale_only" || whole.outputs.empty()) return std::nullopt;
    const std::int64_t half = std::int64_t{1} << (integer_of(whole, "bits").value_or(8) - 1);
    whole.attributes["qmin"] = -half;
    whole.attributes["qmax"] = half - 1;
    return whole;
  };
  return binding;
}

}  // namespace

std::vector<GoldenBinding> hqq_bindings() { return {with_zeros(), scale_only(), intx()}; }

}  // namespace plumb
