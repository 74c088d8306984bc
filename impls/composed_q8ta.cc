// q8ta_linear of a linear layer that gives f32, and a quantiser; q8ta_conv2d of the former.
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

// The constants of a convolution, as those of the linear layer of its patches, and what the layer makes of them.
struct Convolution {
  std::vector<Tensor> inputs;  // that of the activation is absent
  double input_zp;
  std::shared_ptr<void> linear;

  [[nodiscard]] std::vector<Tensor> with(Tensor x) const {
    std::vector<Tensor> all = inputs;
    all[kX] = std::move(x);
    return all;
  }
};

Sizes linear_params(const Call& call) { return {{"activation", call["activation"]}, {"bias", call["bias"]}}; }

Tensor padded_to_four(const Tensor& from) {
  Tensor to(from.dtype(), {(from.size() + 3) / 4 * 4});
  for (std::int64_t i = 0; i < from.size(); ++i) to.set(i, from.at(i));
  return to;
}

std::shared_ptr<void> prepare_convolution(const Kernel& linear, const Call& call) {
  auto prepared = std::make_shared<Convolution>();
  for (const Input input : {kX, kInputScale, kInputZp, kWeights, kWeightSums, kWeightScales, kOutputScale, kOutputZp}) {
    if (input == kX) {
      prepared->inputs.emplace_back();
    } else if (input == kWeights) {
      prepared->inputs.push_back(copied_input(call, input, {call["N"], call["K"]}));
    } else {
      prepared->inputs.push_back(copied_input(call, input, {call.input_count(input)}));
    }
  }
  prepared->inputs[kWeightSums] = padded_to_four(prepared->inputs[kWeightSums]);
  prepared->inputs.push_back(call["bias"] != 0 ? padded_to_four(copied_input(call, kBias, {call["N"]})) : Tensor());
  prepared->input_zp = prepared->inputs[kInputZp].at(0);
  prepared->linear = prepare_step(linear, linear_params(call), prepared->with(Tensor(DType::i8, {1, call["K"]})));
  return prepared;
}

// One row for each pixel of the result.
void fill_patches(const Call& call, double input_zp, Tensor& columns) {
  const Tensor x = copied_input(call, kX, {call.input_count(kX)});
  const std::int64_t height = call["H"], width = call["W"], stride = call["stride"], dilation = call["dilation"];
  const std::int64_t last_h = height + call["padding"] - dilation * (call["kernel_h"] - 1);
  const std::int64_t last_w = width + call["padding"] - dilation * (call["kernel_w"] - 1);
  std::int64_t to = 0;
  for (std::int64_t b = 0; b < call["B"]; ++b) {
    for (std::int64_t top = -call["padding"]; top < last_h; top += stride) {
      for (std::int64_t left = -call["padding"]; left < last_w; left += stride) {
        for (std::int64_t plane = b * call["C"]; plane < (b + 1) * call["C"]; ++plane) {
          for (std::int64_t r = 0; r < call["kernel_h"]; ++r) {
            for (std::int64_t s = 0; s < call["kernel_w"]; ++s) {
              const std::int64_t h = top + r * dilation, w = left + s * dilation;
              const bool inside = h >= 0 && h < height && w >= 0 && w < width;
              columns.set(to++, inside ? x.at((plane * height + h) * width + w) : input_zp);
            }
          }
        }
      }
    }
  }
}

void run_convolution(const Kernel& linear, const Call& call, const Convolution& prepared) {
  const std::int64_t outputs = call["N"], pixels = call.output_count() / (outputs * call["B"]);
  Tensor columns(DType::i8, {call["B"] * pixels, call["K"]});
  fill_patches(call, prepared.input_zp, columns);
  const Tensor codes = run_step(linear, linear_params(call), prepared.with(std::move(columns)), call.threads(),
                                prepared.linear.get())[0];
  Tensor y(DType::i8, codes.shape());
  for (std::int64_t i = 0; i < codes.size(); ++i) {
    const std::int64_t row = i / outputs, n = i % outputs;
    y.set((row / pixels * outputs + n) * pixels + row % pixels, codes.at(i));
  }
  store_tensor(call, 0, y);
}

}  // namespace

Kernel composed_q8ta_conv2d(Kernel linear) {
  const plumb_contract contract = linear.contract;
  return {"q8ta_conv2d", contract, [linear](const Call& call) { return prepare_convolution(linear, call); },
          [linear](const Call& call, void* prepared) {
            run_convolution(linear, call, *static_cast<const Convolution*>(prepared));
          }};
}

Kernel composed_q8ta_linear(Kernel linear, Kernel quantize) {
  const plumb_contract contract = quantize.contract;
  return {"q8ta_linear", contract, [linear](const Call& call) { return prepare(linear, call); },
          [linear, quantize = std::move(quantize)](const Call& call, void* prepared) {
            run(linear, quantize, call, *static_cast<const Prepared*>(prepared));
          }};
}

}  // namespace plumb
