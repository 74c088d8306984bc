#include "reference/quant/dyn_quant_4bit.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Values evaluate(std::vector<Tensor> inputs, std::int64_t group) {
  const Op op = pack_dyn_quant_4bit();
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  const Problem problem{infer_signature(op, offers, {{"group", group}}), std::move(inputs)};
  return op.evaluate(problem)[0].value;
}

Tensor filled(DType dtype, Shape shape, double first) {
  Tensor tensor(dtype, std::move(shape));
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, first + static_cast<double>(i));
  return tensor;
}

TEST(PackDynQuant4bit, IsBytesScalesAndBiasOneAfterTheOther) {
  const Tensor weights = filled(DType::u8, {2, 2}, 250), scales = filled(DType::f32, {2, 1}, 0.5);
  EXPECT_EQ(evaluate({weights, scales, filled(DType::f32, {2}, -7)}, 4),
            (Values{250, 251, 252, 253, 0.5, 1.5, -7, -6}));
  EXPECT_EQ(evaluate({weights, filled(DType::bf16, {2, 1}, 0.5), {}}, 4), (Values{250, 251, 252, 253, 0.5, 1.5}));
}

TEST(PackDynQuant4bit, GroupsAreWholeRowsOrMultiplesOf32) {
  const auto pack = [](std::int64_t columns, std::int64_t group) {
    return evaluate({Tensor(DType::u8, {4, columns / 2}), Tensor(DType::f32, {4, columns / group}), {}}, group);
  };
  EXPECT_EQ(pack(64, 32).size(), 4U * (32 + 2));
  EXPECT_EQ(pack(6, 6).size(), 4U * (3 + 1));
  EXPECT_THROW((void)pack(32, 16), Error);
  EXPECT_THROW((void)pack(80, 32), Error);
}

}  // namespace
}  // namespace plumb
