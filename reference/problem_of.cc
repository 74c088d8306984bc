#include "reference/problem_of.h"

namespace plumb {

Problem problem_of(const Op& op, std::vector<Tensor> inputs, const Sizes& params) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  Problem problem{infer_signature(op, offers, params), std::move(inputs)};
  check_values(op, problem);
  return problem;
}

}  // namespace plumb
