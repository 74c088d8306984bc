#include "reference/quant/uintx.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Tensor bytes(Shape shape, const std::vector<int>& values) {
  Tensor tensor(DType::u8, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.set(static_cast<std::int64_t>(i), values[i]);
  return tensor;
}

std::vector<Values> evaluate(const Op& op, std::vector<Tensor> inputs, std::int64_t bits) {
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  const Problem problem{infer_signature(op, offers, {{"bits", bits}}), std::move(inputs)};
  std::vector<Values> values;
  for (const Expected& output : op.evaluate(problem)) values.push_back(output.value);
  return values;
}

std::vector<Values> pack(Shape shape, const std::vector<int>& codes, std::int64_t bits) {
  return evaluate(pack_uintx(), {bytes(std::move(shape), codes)}, bits);
}

// golden/torchao/bitpacking.h5, cases pack_u3_high_bits_set, pack_u5_high_bits_set and pack_u7_high_bits_set.
TEST(PackUintx, IsThatOfTorchaoAndDropsHighBits) {
  EXPECT_EQ(pack({1, 8, 1}, {72, 179, 63, 118, 187, 164, 154, 16}, 3), (std::vector<Values>{{}, {188, 11}, {44}}));
  EXPECT_EQ(pack({1, 8, 1}, {117, 124, 193, 135, 115, 137, 49, 52}, 5),
            (std::vector<Values>{{53, 156, 17, 71}, {}, {211}}));
  EXPECT_EQ(pack({1, 8, 1}, {80, 178, 247, 6, 32, 212, 184, 235}, 7),
            (std::vector<Values>{{0, 66, 135, 182}, {237, 147}, {165}}));
}

TEST(PackUintx, BytesHoldElementsThatLieStridesApart) {
  // Of n = 8: four bytes, byte r holds elements r and r + 4.
  EXPECT_EQ(pack({1, 8, 1}, {1, 2, 3, 4, 5, 6, 7, 8}, 4), (std::vector<Values>{{0x51, 0x62, 0x73, 0x84}, {}, {}}));
  // Two rows before, two columns after the packed dimension: each is packed for itself.
  const std::vector<int> codes = {1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1,
                                  0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(pack({2, 8, 2}, codes, 1), (std::vector<Values>{{}, {}, {0x81, 0xff, 0x02, 0x80}}));
}

TEST(UnpackUintx, UndoesPackForEveryNumberOfBits) {
  std::vector<int> codes;
  for (int i = 0; i < 2 * 24 * 3; ++i) codes.push_back(i * 37 % 128);
  for (int bits = 1; bits <= 7; ++bits) {
    std::vector<int> kept;
    for (const int code : codes) kept.push_back(code & ((1 << bits) - 1));
    const std::vector<Values> shards = pack({2, 24, 3}, kept, bits);
    const Op op = unpack_uintx();
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < 3; ++i) {
      inputs.push_back(
          bytes(shape_of(op.inputs[i], make_signature(op, {{"outer", 2}, {"n", 24}, {"inner", 3}, {"bits", bits}})),
                std::vector<int>(shards[i].begin(), shards[i].end())));
    }
    EXPECT_EQ(evaluate(op, inputs, bits), (std::vector<Values>{Values(kept.begin(), kept.end())})) << bits;
  }
}

TEST(UnpackUintx, ShardsMustFitEachOtherAndTheNumberOfBits) {
  const Op op = unpack_uintx();
  const auto shard = [](std::int64_t n) { return Tensor(DType::u8, {2, n, 3}); };
  EXPECT_NO_THROW((void)evaluate(op, {shard(4), shard(2), shard(1)}, 7));
  EXPECT_THROW((void)evaluate(op, {shard(4), shard(2), shard(1)}, 6), Error);
  EXPECT_THROW((void)evaluate(op, {shard(4), shard(4), shard(1)}, 7), Error);
  EXPECT_THROW((void)evaluate(op, {shard(0), shard(0), shard(0)}, 8), Error);
  EXPECT_THROW((void)evaluate(op, {shard(3), shard(0), shard(0)}, 4), Error) << "n = 6";
}

TEST(PackUintx, RefusesWhatTorchaoRefuses) {
  EXPECT_THROW((void)evaluate(pack_uintx(), {Tensor(DType::u8, {1, 6, 1})}, 4), Error);
  EXPECT_THROW((void)evaluate(pack_uintx(), {Tensor(DType::i32, {8, 8, 1})}, 4), Error);
}

}  // namespace
}  // namespace plumb
