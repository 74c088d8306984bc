#include "reference/quant/steps.h"

#include <cmath>

namespace plumb {

Answer evaluate_step(const Op& op, const Sizes& params, const std::vector<Tensor>& inputs) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  return op.evaluate({infer_signature(op, offers, params), inputs});
}

Tensor step_tensor(DType dtype, Shape shape, const Expected& expected) {
  Tensor tensor(dtype, std::move(shape));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const double value = expected.value[static_cast<std::size_t>(i)];
    tensor.set(i, std::isnan(value) && !info(dtype).is_float ? 0 : value);
  }
  return tensor;
}

}  // namespace plumb
