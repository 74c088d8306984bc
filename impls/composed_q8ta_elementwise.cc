// q8ta_relu, q8ta_add and q8ta_pixel_shuffle of a dequantiser and a quantiser. What is done in between is done here.
#include <algorithm>

#include "impls/composed.h"
#include "impls/kernel_steps.h"

namespace plumb {
namespace {

// Parameters of whole tensors. Zero points of the quantisers are i32.
struct Prepared {
  std::vector<Tensor> values;  // in the order of the operator's inputs; those that are no constants are absent

  explicit Prepared(const Call& call) {
    for (std::size_t i = 0; i < call.op().inputs.size(); ++i) {
      values.emplace_back();
      if (call.op().inputs[i].role != Role::constant) continue;
      const Tensor given = copied_input(call, i, {1, 1});
      values.back() = Tensor(given.dtype() == DType::i8 ? DType::i32 : given.dtype(), {1, 1});
      values.back().set(0, given.at(0));
    }
  }
  [[nodiscard]] const Tensor& named(const Call& call, const char* name) const {
    return values[call.op().input_index(name)];
  }
};

// One block of the whole tensor, as a row.
Sizes range_of(std::int64_t count) { return {{"group", count}, {"quant_min", -128}, {"quant_max", 127}}; }

Tensor dequantised(const AffineSteps& steps, const Call& call, const Prepared& prepared, const char* codes,
                   const char* scale, const char* zero_point) {
  const std::size_t input = call.op().input_index(codes);
  const std::int64_t count = call.input_count(input);
  return run_step(
      steps.dequantize, range_of(count),
      {copied_input(call, input, {1, count}), prepared.named(call, scale), prepared.named(call, zero_point)},
      call.threads())[0];
}

void store_quantised(const AffineSteps& steps, const Call& call, const Prepared& prepared, const Tensor& values) {
  Sizes range = range_of(values.size());
  range["code"] = static_cast<std::int64_t>(DType::i8);
  store_tensor(
      call, 0,
      run_step(steps.quantize, range, {values, prepared.named(call, "output_scale"), prepared.named(call, "output_zp")},
               call.threads())[0]);
}

// Channel after channel, a pixel of r x r goes to its place in the image.
Tensor shuffled(const Call& call, const Tensor& x) {
  const std::int64_t r = call["upscale"], height = call["H"], width = call["W"], channels = call["B"] * call["C"];
  Tensor y(x.dtype(), x.shape());
  std::int64_t from = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t image = c / (r * r) * height * r, row = c / r % r, column = c % r;
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w) y.set((image + h * r + row) * width * r + w * r + column, x.at(from++));
    }
  }
  return y;
}

using Body = Tensor (*)(const AffineSteps&, const Call&, const Prepared&);

Kernel elementwise(const char* op, AffineSteps steps, Body body) {
  const plumb_contract contract = steps.quantize.contract;
  return {op, contract, [](const Call& call) { return std::make_shared<Prepared>(call); },
          [steps = std::move(steps), body](const Call& call, void* state) {
            if (call.output_count() == 0) return;
            const auto& prepared = *static_cast<const Prepared*>(state);
            store_quantised(steps, call, prepared, body(steps, call, prepared));
          }};
}

}  // namespace

Kernel composed_q8ta_relu(AffineSteps steps) {
  return elementwise("q8ta_relu", std::move(steps),
                     [](const AffineSteps& own, const Call& call, const Prepared& prepared) {
                       Tensor x = dequantised(own, call, prepared, "x", "input_scale", "input_zp");
                       for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, std::max(x.at(i), 0.0));
                       return x;
                     });
}

Kernel composed_q8ta_add(AffineSteps steps) {
  return elementwise("q8ta_add", std::move(steps),
                     [](const AffineSteps& own, const Call& call, const Prepared& prepared) {
                       Tensor a = dequantised(own, call, prepared, "a", "a_scale", "a_zp");
                       const Tensor b = dequantised(own, call, prepared, "b", "b_scale", "b_zp");
                       const double alpha = prepared.named(call, "alpha").at(0);
                       for (std::int64_t i = 0; i < a.size(); ++i)
                         a.set(i, a.at(i) + round_to(DType::f32, alpha * b.at(i)));
                       return a;
                     });
}

Kernel composed_q8ta_pixel_shuffle(AffineSteps steps) {
  return elementwise("q8ta_pixel_shuffle", std::move(steps),
                     [](const AffineSteps& own, const Call& call, const Prepared& prepared) {
                       const Tensor x = dequantised(own, call, prepared, "x", "input_scale", "input_zp");
                       return shuffled(call, x);
                     });
}

}  // namespace plumb
