#include "reference/kernel/weight_int4pack_mm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/layout/layouts.h"
#include "reference/testing/grouped.h"

namespace plumb {
namespace {

// One group of 32 columns; code (n + k) % 16; scales n + 1, zeros n / 4.
std::vector<Tensor> small(const char* layout) {
  std::vector<int> codes;
  for (int i = 0; i < 16 * 32; ++i) codes.push_back((i / 32 + i % 32) % 16);
  Tensor packed(DType::u8, {16, 16}), pairs(DType::f32, {1, 16, 2}), x(DType::f32, {1, 32});
  std::ranges::copy(pack(layout_named(layout), {16, 32}, codes), packed.codes().begin());
  for (std::int64_t n = 0; n < 16; ++n) {
    pairs.set(2 * n, static_cast<double>(n + 1));
    pairs.set(2 * n + 1, static_cast<double>(n) / 4);
  }
  x.set(3, 1);
  x.set(20, 2);
  return {x, packed, pairs, Tensor(), Tensor()};
}

TEST(WeightInt4packMm, AddsZeroAfterScaling) {
  const char* const layouts[] = {"aten.int4_avx512", "aten.int4_avx2", "aten.int4_default"};
  for (std::int64_t isa = 0; isa < 3; ++isa) {
    const Expected got = evaluated(weight_int4pack_mm(), small(layouts[isa]), {{"group", 32}, {"isa", isa}});
    for (int n = 0; n < 16; ++n) {
      const int first = (n + 3) % 16 - 8, second = (n + 20) % 16 - 8;
      EXPECT_EQ(got.value[static_cast<std::size_t>(n)], (first + 2 * second) * (n + 1) + 3 * n / 4.0);
      EXPECT_EQ(got.magnitude[static_cast<std::size_t>(n)],
                (std::abs(first) + 2 * std::abs(second)) * (n + 1) + 3 * n / 4.0);
    }
  }
}

TEST(WeightInt4packMm, IsRoundedBeforeTheBias) {
  std::vector<Tensor> inputs = small("aten.int4_avx512");
  inputs[3] = tensor_from(DType::f32, {16}, std::vector<double>(16, -1));
  const Expected got = evaluated(weight_int4pack_mm(), inputs, {{"group", 32}});
  for (std::size_t n = 0; n < 16; ++n) EXPECT_EQ(got.rounded_before[n], std::abs(got.value[n] + 1));
}

}  // namespace
}  // namespace plumb
