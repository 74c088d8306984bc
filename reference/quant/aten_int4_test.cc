#include "reference/quant/aten_int4.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

constexpr std::int64_t kAvx512 = 0, kAvx2 = 1, kDefault = 2;

// Codes [rows, 2]: row modulo 16 in column 0, row / 16 in column 1.
Tensor numbered(std::int64_t rows) {
  Tensor codes(DType::i32, {rows, 2});
  for (std::int64_t n = 0; n < rows; ++n) {
    codes.set(2 * n, static_cast<double>(n % 16));
    codes.set(2 * n + 1, static_cast<double>(n / 16));
  }
  return codes;
}

Values evaluate(const Op& op, Tensor input, std::int64_t isa) {
  const Offer offer = offer_of(input);
  Problem problem{infer_signature(op, std::span(&offer, 1), {{"isa", isa}}), {}};
  problem.inputs.push_back(std::move(input));
  check_values(op, problem);
  return op.evaluate(problem)[0].value;
}

// The number of the row in the low and in the high nibble of byte j of a block of h bytes a column.
std::pair<int, int> rows_of(const Values& packed, std::size_t block, std::size_t h, std::size_t j) {
  const int modulo = static_cast<int>(packed[block + j]), quotient = static_cast<int>(packed[block + h + j]);
  return {(modulo & 15) + 16 * (quotient & 15), (modulo >> 4) + 16 * (quotient >> 4)};
}

TEST(PackAtenInt4, WholeBlocksPairRowsThatLieHalfABlockApart) {
  const Values avx512 = evaluate(pack_aten_int4(), numbered(112), kAvx512);
  for (int j = 0; j < 32; ++j) EXPECT_EQ(rows_of(avx512, 0, 32, static_cast<std::size_t>(j)), std::pair(j, j + 32));
  const Values avx2 = evaluate(pack_aten_int4(), numbered(112), kAvx2);
  for (int j = 0; j < 16; ++j) {
    EXPECT_EQ(rows_of(avx2, 64, 16, static_cast<std::size_t>(j)), std::pair(64 + j, 80 + j)) << "third block";
  }
}

TEST(PackAtenInt4, OtherBlocksPairNeighbours) {
  const Values avx512 = evaluate(pack_aten_int4(), numbered(112), kAvx512);
  for (int j = 0; j < 24; ++j) {
    EXPECT_EQ(rows_of(avx512, 64, 24, static_cast<std::size_t>(j)), std::pair(64 + 2 * j, 65 + 2 * j));
  }
  const Values avx2 = evaluate(pack_aten_int4(), numbered(112), kAvx2);
  for (int j = 0; j < 8; ++j) {
    EXPECT_EQ(rows_of(avx2, 96, 8, static_cast<std::size_t>(j)), std::pair(96 + 2 * j, 97 + 2 * j));
  }
  const Values other = evaluate(pack_aten_int4(), numbered(64), kDefault);
  for (int j = 0; j < 16; ++j) {
    EXPECT_EQ(rows_of(other, 32, 16, static_cast<std::size_t>(j)), std::pair(32 + 2 * j, 33 + 2 * j));
  }
}

TEST(PackAtenInt4, RefusesWhatAtenRefuses) {
  EXPECT_THROW((void)evaluate(pack_aten_int4(), Tensor(DType::i32, {24, 4}), kAvx2), Error);
  EXPECT_THROW((void)evaluate(pack_aten_int4(), Tensor(DType::i32, {64, 3}), kAvx2), Error);
  EXPECT_THROW((void)evaluate(pack_aten_int4(), Tensor(DType::u8, {64, 4}), kAvx2), Error);
  EXPECT_THROW((void)evaluate(pack_aten_int4(), Tensor(DType::i32, {4}), kAvx2), Error);
}

TEST(PackAtenInt4, RefusesCodesThatDoNotFit) {
  for (const int code : {-1, 16}) {
    Tensor codes(DType::i32, {16, 2});
    codes.set(31, code);
    EXPECT_THROW((void)evaluate(pack_aten_int4(), std::move(codes), kAvx512), Error) << code;
  }
}

TEST(UnpackAtenInt4, UndoesPack) {
  const Tensor codes = numbered(240);
  Values expected;
  for (std::int64_t i = 0; i < codes.size(); ++i) expected.push_back(codes.at(i));
  for (const std::int64_t isa : {kAvx512, kAvx2, kDefault}) {
    const Values packed = evaluate(pack_aten_int4(), codes, isa);
    Tensor bytes(DType::u8, {240, 1});
    for (std::size_t i = 0; i < packed.size(); ++i) bytes.set(static_cast<std::int64_t>(i), packed[i]);
    EXPECT_EQ(evaluate(unpack_aten_int4(), std::move(bytes), isa), expected) << isa;
  }
}

}  // namespace
}  // namespace plumb
