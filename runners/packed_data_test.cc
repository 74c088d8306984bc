#include "runners/packed_data.h"

#include <gtest/gtest.h>

#include <vector>

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

const Random kRandom(7, "weights");

// Each code is that of its element's number, whatever else is made together with it.
TEST(PackedData, CodesAreThoseOfTheirElements) {
  for (const char* name : {"et_vk.q4gsw", "openvino.u2", "aten.int4_avx2", "et_vk.w_4x8_nc"}) {
    const Layout& layout = layout_named(name);
    for (const Extent extent : {Extent{32, 20}, Extent{160, 336}}) {  // more than are made at a time
      Tensor tensor(DType::u8, {layout.size_bytes(extent)}), ends = tensor;
      std::vector<int> codes, at_ends;
      for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
        const auto at = static_cast<std::uint64_t>(i);
        codes.push_back(static_cast<int>(kRandom.integer(at, layout.min_code(), layout.max_code())));
        at_ends.push_back((i / extent.columns + 5) % 2 == 0 ? layout.max_code() : layout.min_code());
      }
      fill_codes(tensor, layout, extent, kRandom, std::nullopt);
      EXPECT_EQ(unpack(layout, extent, tensor.codes()), codes) << name;
      fill_codes(ends, layout, extent, kRandom, 5);
      EXPECT_EQ(unpack(layout, extent, ends.codes()), at_ends) << name;
    }
  }
}

TEST(PackedData, BytesCountBeforeTheyRepeat) {
  for (const DType dtype : {DType::u8, DType::i8}) {
    Tensor tensor(dtype, {3000});
    fill_bytes(tensor, kRandom, 9);
    const int low = dtype == DType::u8 ? 0 : -128;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const auto at = static_cast<std::uint64_t>(i);
      EXPECT_EQ(tensor.at(i), low + static_cast<int>((i < 256 ? at + 9 : kRandom.bits(at)) & 255U)) << i;
    }
  }
  Tensor words(DType::i32, {600});
  fill_bytes(words, kRandom, 9);
  for (std::size_t i = 0; i < words.bytes().size(); ++i) {
    EXPECT_EQ(words.bytes()[i], static_cast<std::byte>(kRandom.bits(i))) << i;
  }
}

TEST(PackedData, IntegersCountBeforeTheyRepeat) {
  for (const DType dtype : {DType::i8, DType::i32, DType::bf16}) {
    for (const auto& [low, high] : {std::pair(-8, 7), std::pair(-128, 127), std::pair(5, 5), std::pair(0, 300)}) {
      if (dtype == DType::i8 && high > 127) continue;
      Tensor tensor(dtype, {2100});
      fill_integers(tensor, low, high, kRandom, 3);
      const std::int64_t values = high - low + 1;
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        const bool counts = values <= 256 && i < values;
        const std::int64_t value =
            counts ? low + (i + 3) % values : kRandom.integer(static_cast<std::uint64_t>(i), low, high);
        ASSERT_EQ(tensor.at(i), round_to(dtype, static_cast<double>(value))) << i;
      }
    }
  }
}

}  // namespace
}  // namespace plumb
