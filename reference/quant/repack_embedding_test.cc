#include "reference/quant/repack_embedding.h"

#include <gtest/gtest.h>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

TEST(RepackEmbedding, NibblesChangePlacesEitherWay) {
  const Tensor weight = tensor_of(DType::u8, {2, 2}, {0x12, 0xf8, 0x80, 0x99});
  const std::vector<double> swapped = {0x21, 0x8f, 0x08, 0x99};
  EXPECT_EQ(answer_of(repack_embedding(), {weight}), swapped);
  EXPECT_EQ(answer_of(repack_embedding(), {weight}, {{"to", 1}}), swapped);
}

}  // namespace
}  // namespace plumb
