#include "impls/quantised_rows.h"

#include "impls/kernel_steps.h"

namespace plumb {
namespace {

std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(tensor.size()));
  for (std::int64_t i = 0; i < tensor.size(); ++i) values.push_back(static_cast<float>(tensor.at(i)));
  return values;
}

// fake_quantize_per_token is its own operator, and so has its own kernel.
std::vector<float> asymmetric(const Kernel& fake_quantize, const Call& call, const Tensor& x) {
  const Sizes types = {{"scale", call["x"]}, {"zp", call["x"]}};
  return values_of(run_step(fake_quantize, types, {x}, call.threads())[0]);
}

std::vector<float> symmetric(const AffineSteps& steps, const Call& call, const Tensor& x) {
  constexpr std::int64_t kSymmetric = 0, kEps2ToMinus23 = 3;  // choose_qparams_affine's words
  const Sizes range = {{"group", call["K"]}, {"quant_min", -128}, {"quant_max", 127}};
  Sizes choice = range, code = range, result = range;
  choice.insert({{"mapping", kSymmetric}, {"eps", kEps2ToMinus23}});
  code.insert({{"zero_point", 0}, {"code", static_cast<std::int64_t>(DType::i8)}});
  result["zero_point"] = 0;
  const Tensor scale = run_step(steps.choose, choice, {x}, call.threads())[0];
  const Tensor codes = run_step(steps.quantize, code, {x, scale, Tensor()}, call.threads())[0];
  return values_of(run_step(steps.dequantize, result, {codes, scale, Tensor()}, call.threads())[0]);
}

}  // namespace

MakeLinear with_quantised_rows(AffineSteps steps) {
  return [steps = std::move(steps)](const Call& prepared) {
    LinearSource source = read_linear_intx(prepared);
    source.activation = [steps](const Call& call) {
      const Tensor x = copied_input(call, 0, {call["M"], call["K"]});
      if (call["activation"] != 0) return symmetric(steps, call, x);
      return asymmetric(composed_fake_quantize(steps), call, x);
    };
    return source;
  };
}

}  // namespace plumb
