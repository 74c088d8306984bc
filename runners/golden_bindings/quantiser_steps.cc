// torchao's quantisers that are several steps: each step is judged with what the record holds of the step before.
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

const GoldenBinding::Renames kParameters = {{"scale", "scale"}, {"zero_point", "zero_point"}};

// A step of torchao's per-token quantisers of activations.
GoldenBinding per_token(GoldenBinding binding, Step step, const WholeNames& names, std::int64_t quant_min) {
  binding.restate = [=](golden::Case whole) {
    whole.attributes["quant_min"] = quant_min;
    return on_grid(step_of(whole, step, names));
  };
  if (!names.has_zero_point && step == Step::choose) binding.outputs = {{"scale", "scale"}};
  return binding;
}

std::vector<GoldenBinding> per_token_bindings() {
  constexpr const char *kAsymmetric = "torchao.int8_asym_per_token",
                       *kAbsmax = "torchao._quantize_activation_per_token_absmax";
  const WholeNames asymmetric{"input", "qdata"}, absmax{"t", "quantized", false};
  // Words of choose_qparams_affine: asymmetric; symmetric with eps 1e-5.
  return {per_token(choose(kAsymmetric, {{"mapping", 2}}), Step::choose, asymmetric, -128),
          per_token(quantize(kAsymmetric, kParameters, {{"order", 0}}), Step::quantize, asymmetric, -128),
          per_token(dequantize(kAsymmetric, kParameters), Step::dequantize, asymmetric, -128),
          per_token(choose(kAbsmax, {{"mapping", 0}, {"eps", 2}}), Step::choose, absmax, -127),
          per_token(quantize(kAbsmax, kParameters, {{"order", 0}}), Step::quantize, absmax, -127)};
}

// A step of IntxUnpackedToInt8Tensor.from_hp. HQQ chooses and quantises in one step.
GoldenBinding intx(GoldenBinding binding, Step step) {
  binding.restate = [step](golden::Case whole) -> std::optional<golden::Case> {
    const bool was_refused = whole.outputs.empty();  // by the first step
    const bool is_one_step = text_of(whole, "algorithm") != "affine";
    if ((is_one_step && step != Step::dequantize) || (was_refused && step != Step::choose)) return std::nullopt;
    const std::int64_t half = std::int64_t{1} << (integer_of(whole, "bits").value_or(8) - 1);
    whole.attributes["quant_min"] = -half;
    whole.attributes["quant_max"] = half - 1;
    return on_grid(step_of(whole, step, {"w", "qdata"}));
  };
  return binding;
}

std::vector<GoldenBinding> intx_bindings() {
  constexpr const char* kFromHp = "torchao.IntxUnpackedToInt8Tensor.from_hp";
  return {intx(choose(kFromHp, {}), Step::choose), intx(quantize(kFromHp, kParameters, {{"order", 0}}), Step::quantize),
          intx(dequantize(kFromHp, kParameters), Step::dequantize)};
}

// A step of Int4PlainInt32Tensor.from_hp, whose scales and zero points are stored transposed. What it quantises is
// dequantised with scales in f32.
GoldenBinding plain_int32(GoldenBinding binding, Step step, bool is_signed) {
  binding.restate = [=](golden::Case whole) -> std::optional<golden::Case> {
    if (whole.outputs.empty()) return std::nullopt;
    whole.attributes["quant_min"] = std::int64_t{is_signed ? -8 : 0};
    whole.attributes["quant_max"] = std::int64_t{is_signed ? 7 : 15};
    const std::optional<DType> scale = step == Step::dequantize ? std::optional(DType::f32) : std::nullopt;
    const golden::Array& words = array_named(whole.outputs, "qdata");
    std::vector<golden::Array> outputs = {
        unpacked_codes(words, is_signed ? "torchao.plain_int32_signed" : "torchao.plain_int32",
                       {words.shape[0], words.shape[1] * 8}, DType::i32),
        transposed(array_named(whole.outputs, "scale"), scale), transposed(array_named(whole.outputs, "zero_point")),
        array_named(whole.outputs, "dequantized")};
    whole.outputs = std::move(outputs);
    return on_grid(step_of(whole, step, {"w", "codes"}));
  };
  return binding;
}

std::vector<GoldenBinding> plain_int32_bindings() {
  std::vector<GoldenBinding> bindings;
  const Sizes asymmetric_1e6 = {{"mapping", 2}, {"eps", 1}};
  for (const auto& [name, is_signed] : {std::pair{"torchao.Int4PlainInt32Tensor.from_hp.xpu", false},
                                        {"torchao.Int4PlainInt32Tensor.from_hp.npu", true}}) {
    bindings.push_back(plain_int32(choose(name, asymmetric_1e6), Step::choose, is_signed));
    bindings.push_back(plain_int32(quantize(name, kParameters, {{"order", 0}}), Step::quantize, is_signed));
    bindings.push_back(plain_int32(dequantize(name, kParameters), Step::dequantize, is_signed));
  }
  return bindings;
}

}  // namespace

std::vector<GoldenBinding> quantiser_step_bindings() {
  std::vector<GoldenBinding> bindings;
  for (const auto family : {per_token_bindings, intx_bindings, plain_int32_bindings}) {
    for (GoldenBinding& binding : family()) bindings.push_back(std::move(binding));
  }
  return bindings;
}

}  // namespace plumb
