// The linear kernels with an activation of eight bits, with the CPU's dot-product instruction and without.
#include "impls/cpu/linear_int8.h"

#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

const std::vector<Sizes> kGrouped = {{{"M", 1}, {"K", 7}, {"N", 1}, {"group", 7}},
                                     {{"M", 3}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}},
                                     {{"M", 4}, {"K", 40}, {"N", 15}, {"group", 8}, {"scale", code_of(DType::f16)}},
                                     {{"M", 9}, {"K", 64}, {"N", 31}, {"group", 64}, {"bias", 1}},
                                     {{"M", 6}, {"K", 35}, {"N", 16}, {"group", 5}, {"x", code_of(DType::f16)}},
                                     {{"M", 17}, {"K", 12}, {"N", 65}, {"group", 4}, {"lead", 2}, {"bias", 1}},
                                     {{"M", 1}, {"K", 256}, {"N", 32}, {"group", 128}},
                                     {{"M", 0}, {"K", 8}, {"N", 3}, {"group", 8}}};
const std::vector<Sizes> kPerChannel = {{{"M", 1}, {"K", 7}, {"N", 1}},
                                        {{"M", 3}, {"K", 36}, {"N", 33}, {"bias", 1}},
                                        {{"M", 9}, {"K", 129}, {"N", 15}, {"scale", code_of(DType::bf16)}},
                                        {{"M", 17}, {"K", 12}, {"N", 65}, {"lead", 2}},
                                        {{"M", 0}, {"K", 8}, {"N", 3}}};

using MakeWith = Kernel (*)(const Target&, ByteProducts);

// Plain where the target has no such products: a test that forces them asks first whether any has.
template <MakeWith make, ByteProducts products>
Kernel forced(const Target& target) {
  return make(target, has_byte_products(target, products) ? products : ByteProducts::plain);
}

std::vector<Sizes> of_floats(std::vector<Sizes> cases) {
  for (Sizes& sizes : cases) sizes["activation"] = 1;
  return cases;
}

TEST(CpuLinearInt8, Dq8caQ4gswWithTheInstruction) {
  if (!runs_here(ByteProducts::instruction)) GTEST_SKIP() << kNoInstruction;
  expect_right(forced<linear_dq8ca_q4gsw_with, ByteProducts::instruction>, kGrouped);
}
TEST(CpuLinearInt8, Dq8caQ4gswWithoutTheInstruction) {
  expect_right(forced<linear_dq8ca_q4gsw_with, ByteProducts::plain>, kGrouped);
}
TEST(CpuLinearInt8, Dq8caQ4gswInTiles) {
  if (!runs_here(ByteProducts::tiles)) GTEST_SKIP() << kNoTiles;
  expect_right(forced<linear_dq8ca_q4gsw_with, ByteProducts::tiles>, kGrouped);
}
TEST(CpuLinearInt8, Q8taQ8cswInTiles) {
  if (!runs_here(ByteProducts::tiles)) GTEST_SKIP() << kNoTiles;
  expect_right(forced<linear_q8ta_q8csw_with, ByteProducts::tiles>, kPerChannel);
}
TEST(CpuLinearInt8, Q8taQ8cswWithTheInstruction) {
  if (!runs_here(ByteProducts::instruction)) GTEST_SKIP() << kNoInstruction;
  expect_right(forced<linear_q8ta_q8csw_with, ByteProducts::instruction>, kPerChannel);
}
TEST(CpuLinearInt8, Q8taQ8cswWithoutTheInstruction) {
  expect_right(forced<linear_q8ta_q8csw_with, ByteProducts::plain>, kPerChannel);
}
TEST(CpuLinearInt8, ActivationsThatAreNotQuantised) {
  expect_right(linear_dq8ca_q4gsw, of_floats(kGrouped));
  expect_right(linear_q8ta_q8csw, of_floats(kPerChannel));
}

// Whatever the target, the instruction and the rows computed together: sums are exact and scaled in one order. Without
// FMA (scalar, SSSE3, SSE4) scaling rounds once more.
TEST(CpuLinearInt8, AllWaysGiveTheSameBits) {
  if (!runs_here(ByteProducts::instruction) && !runs_here(ByteProducts::tiles)) GTEST_SKIP() << kOneWay;
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE(target.name);
    for (const MakeWith make : {linear_dq8ca_q4gsw_with, linear_q8ta_q8csw_with}) {
      const Op& op = op_named(make(target, ByteProducts::plain).op);
      Sizes sizes = {{"M", 49}, {"K", 48}, {"N", 33}, {"bias", 1}};
      if (op.param("group") != nullptr) sizes["group"] = 16;
      const Problem problem = problem_of(op, sizes, Data::spread);
      std::vector<std::vector<std::byte>> bits;
      for (const ByteProducts products : {ByteProducts::plain, ByteProducts::instruction, ByteProducts::tiles}) {
        if (!has_byte_products(target, products)) continue;
        Subject subject(make(target, products));
        subject.prepare(problem);
        bits.push_back(bits_of(subject.run(problem)));
      }
      for (const auto& other : bits) EXPECT_EQ(other, bits.front());
    }
  }
}

// Products of the largest codes of one sign: pairs of them do not fit 16 bits.
TEST(CpuLinearInt8, PairsOfLargeProductsAreNotSaturated) {
  const auto check = [](Subject& subject) {
    Problem problem = problem_of(subject.op(), {{"M", 2}, {"K", 64}, {"N", 3}}, Data::exact);
    problem.inputs[2].set(0, -128);
    for (std::int64_t i = 0; i < 128; ++i) problem.inputs[0].set(i, 255);
    for (std::int64_t i = 0; i < 192; ++i) problem.inputs[3].set(i, i < 64 ? 127 : -128);
    for (std::int64_t n = 0; n < 3; ++n) problem.inputs[4].set(n, n == 0 ? 64 * 127 : 64 * -128);
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::exact);
  };
  for_each_target(forced<linear_q8ta_q8csw_with, ByteProducts::instruction>, check);
  for_each_target(forced<linear_q8ta_q8csw_with, ByteProducts::plain>, check);
  for_each_target(forced<linear_q8ta_q8csw_with, ByteProducts::tiles>, check);
}

TEST(CpuLinearInt8, OnePreparedWeightServesAnySequenceOfRows) {
  for_each_target(linear_dq8ca_q4gsw, [](Subject& subject) {
    const auto problem = [&](std::int64_t rows) {
      return problem_of(subject.op(), {{"M", rows}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}}, Data::spread);
    };
    subject.prepare(problem(1));
    const Tensor first = subject.run(problem(1));
    const Tensor many = subject.run(problem(32), 3);
    EXPECT_EQ(bits_of(subject.run(problem(1))), bits_of(first));
    expect_right(subject, problem(32), many, Data::spread);
  });
}

}  // namespace
}  // namespace plumb::cpu
