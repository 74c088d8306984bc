// q8ta_linear of a linear layer that gives f32, and a quantiser.
#include <algorithm>
#include <memory>

#include "impls/composed.h"
#include "impls/kernel_steps.h"

namespace plumb {
namespace {

enum Input : std::size_t {
  kX,
  kInputScale,
  kInputZp,
  kWeights,
  kWeightSums,
  kWeightScales,
  kOutputScale,
  kOutputZp,
  kBias
};

// The inputs of linear_q8ta_q8csw: an activation of x - zp with scale 1 has the codes x, and the weight's scales hold
// that of x.
struct Prepared {
  Tensor one, input_zp, weights, sums, scales, bias, output_scale, output_zp;
  std::shared_ptr<void> linear;

  [[nodiscard]] std::vector<Tensor> inputs(Tensor x) const {
    return {std::move(x), one, input_zp, weights, sums, scales, bias};
  }
  [[nodiscard]] Sizes params() const { return {{"bias", bias.present() ? 1 : 0}}; }
};

Tensor first_elements(const Tensor& from, std::int64_t count) {
  Tensor to(from.dtype(), {count});
  for (std::int64_t i = 0; i < count; ++i) to.set(i, from.at(i));
  return to;
}

std::shared_ptr<void> prepare(const Kernel& linear, const Call& call) {
  const std::int64_t outputs = call["N"], columns = call["K"];
  const auto vector = [&](Input input) { return copied_input(call, input, {call.input_count(input)}); };
  auto prepared = std::make_shared<Prepared>();
  prepared->one = Tensor(DType::f32, {1});
  prepared->one.set(0, 1);
  prepared->input_zp = vector(kInputZp);
  prepared->weights = copied_input(call, kWeights, {outputs, columns});
  prepared->sums = vector(kWeightSums);
  prepared->scales = vector(kWeightScales);
  const double scale = vector(kInputScale).at(0);
  for (std::int64_t n = 0; n < outputs; ++n) prepared->scales.set(n, prepared->scales.at(n) * scale);
  if (call["bias"] != 0) prepared->bias = first_elements(vector(kBias), outputs);
  prepared->output_scale = copied_input(call, kOutputScale, {1, 1});
  prepared->output_zp = Tensor(DType::i32, {1, 1});
  prepared->output_zp.set(0, vector(kOutputZp).at(0));
  prepared->linear = prepare_step(linear, prepared->params(), prepared->inputs(Tensor(DType::f32, {1, columns})));
  return prepared;
}

void run(const Kernel& linear, const Kernel& quantize, const Call& call, const Prepared& prepared) {
  const std::int64_t rows = call["M"], outputs = call["N"];
  if (rows == 0) return;
  const Tensor codes = copied_input(call, kX, {rows, call["K"]});
  Tensor x(DType::f32, codes.shape());
  const double zero_point = prepared.input_zp.at(0);
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, codes.at(i) - zero_point);
  Tensor y =
      run_step(linear, prepared.params(), prepared.inputs(std::move(x)), call.threads(), prepared.linear.get())[0];
  for (std::int64_t i = 0; i < y.size() && call["activation"] != 0; ++i) y.set(i, std::max(y.at(i), 0.0));
  const Sizes range = {{"group", outputs},
                       {"rows", rows},
                       {"quant_min", -128},
                       {"quant_max", 127},
                       {"code", static_cast<std::int64_t>(DType::i8)}};
  store_tensor(call, 0, run_step(quantize, range, {y, prepared.output_scale, prepared.output_zp}, call.threads())[0]);
}

}  // namespace

Kernel composed_q8ta_linear(Kernel linear, Kernel quantize) {
  const plumb_contract contract = quantize.contract;
  return {"q8ta_linear", contract, [linear](const Call& call) { return prepare(linear, call); },
          [linear, quantize = std::move(quantize)](const Call& call, void* prepared) {
            run(linear, quantize, call, *static_cast<const Prepared*>(prepared));
          }};
}

}  // namespace plumb
