// Linear layers by digits, with every way of multiplying bytes that runs here.
#include "impls/cpu/digit_linear.h"

#include "impls/cpu/grouped_linear.h"
#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

// Plain where the target has no such products: a test that forces them asks first whether any has.
template <ByteProducts products>
Kernel q4gsw(const Target& target) {
  return digit_linear("linear_q4gsw", target, read_linear_q4gsw,
                      has_byte_products(target, products) ? products : ByteProducts::plain);
}
template <ByteProducts products>
Kernel compressed(const Target& target) {
  return digit_linear("matmul_compressed", target, read_matmul_compressed,
                      has_byte_products(target, products) ? products : ByteProducts::plain);
}

const std::vector<Sizes> kQ4gsw = {{{"M", 1}, {"K", 16}, {"N", 1}, {"group", 16}},
                                   {{"M", 3}, {"K", 160}, {"N", 33}, {"group", 80}, {"bias", 1}},
                                   {{"M", 35}, {"K", 64}, {"N", 15}, {"group", 32}, {"x", code_of(DType::f16)}},
                                   {{"M", 17}, {"K", 48}, {"N", 65}, {"group", 48}, {"lead", 2}},
                                   {{"M", 66}, {"K", 256}, {"N", 32}, {"group", 128}}};
const std::vector<Sizes> kCompressed = {
    {{"M", 2}, {"K", 300}, {"N", 8}, {"group", 300}, {"type", 0}, {"zero_point", 1}, {"zeros", 1}},
    {{"M", 19}, {"K", 144}, {"N", 17}, {"group", 48}, {"type", 3}, {"zero_point", 1}},
    {{"M", 1}, {"K", 80}, {"N", 16}, {"group", 16}, {"type", 4}, {"scale", code_of(DType::f16)}},
    {{"M", 1}, {"K", 1024}, {"N", 3}, {"group", 1024}, {"type", 4}}};
const std::vector<Sizes> kDynamic = {
    {{"M", 3}, {"K", 96}, {"N", 40}, {"group", 48}, {"type", 1}, {"zero_codes", 1}, {"dynamic", 32}},
    {{"M", 33}, {"K", 128}, {"N", 31}, {"group", 64}, {"type", 3}, {"zero_codes", 1}, {"dynamic", 32}}};

// Exact data of these operators do not stay exact once they are quantised.
void expect_right_when_quantised(MakeKernel make) {
  for_each_target(make, [](Subject& subject) {
    for (const Sizes& sizes : kDynamic) {
      const Problem problem = problem_of(subject.op(), sizes, Data::spread);
      subject.prepare(problem);
      const Tensor got = subject.run(problem);
      expect_right(subject, problem, got, Data::spread);
      EXPECT_EQ(bits_of(subject.run(problem, 3, 1)), bits_of(got));
    }
  });
}

TEST(CpuDigitLinear, Plain) {
  expect_right(q4gsw<ByteProducts::plain>, kQ4gsw);
  expect_right(compressed<ByteProducts::plain>, kCompressed);
  expect_right_when_quantised(compressed<ByteProducts::plain>);
}
TEST(CpuDigitLinear, WithTheInstruction) {
  if (!runs_here(ByteProducts::instruction)) GTEST_SKIP() << kNoInstruction;
  expect_right(q4gsw<ByteProducts::instruction>, kQ4gsw);
  expect_right(compressed<ByteProducts::instruction>, kCompressed);
  expect_right_when_quantised(compressed<ByteProducts::instruction>);
}
TEST(CpuDigitLinear, InTiles) {
  if (!runs_here(ByteProducts::tiles)) GTEST_SKIP() << kNoTiles;
  expect_right(q4gsw<ByteProducts::tiles>, kQ4gsw);
  expect_right(compressed<ByteProducts::tiles>, kCompressed);
  expect_right_when_quantised(compressed<ByteProducts::tiles>);
}

TEST(CpuDigitLinear, WaysThatATargetLacksAreRefused) {
  const Target& scalar = compiled_targets().back();
  ASSERT_EQ(scalar.name, "scalar");
  EXPECT_DEATH((void)digit_engine(scalar, ByteProducts::tiles), "has_byte_products");
  EXPECT_DEATH((void)digit_engine(scalar, ByteProducts::instruction), "has_byte_products");
}

TEST(CpuDigitLinear, AllWaysGiveTheSameBits) {
  if (!runs_here(ByteProducts::instruction) && !runs_here(ByteProducts::tiles)) GTEST_SKIP() << kOneWay;
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE(target.name);
    const Problem problem =
        problem_of(op_named("linear_q4gsw"), {{"M", 37}, {"K", 96}, {"N", 33}, {"group", 32}}, Data::spread);
    std::vector<std::vector<std::byte>> bits;
    for (const ByteProducts products : {ByteProducts::plain, ByteProducts::instruction, ByteProducts::tiles}) {
      if (!has_byte_products(target, products)) continue;
      Subject subject(digit_linear("linear_q4gsw", target, read_linear_q4gsw, products));
      subject.prepare(problem);
      bits.push_back(bits_of(subject.run(problem)));
    }
    for (const auto& other : bits) EXPECT_EQ(other, bits.front());
  }
}

// Rows that digits cannot hold are summed up as f32, beside others of the same tile: subnormal, far apart, not finite.
TEST(CpuDigitLinear, RowsThatDigitsCannotHoldAreRightToo) {
  const auto check = [](Subject& subject) {
    Problem problem = problem_of(subject.op(), {{"M", 20}, {"K", 64}, {"N", 33}, {"group", 32}}, Data::spread);
    problem.inputs[0].set(2 * 64 + 5, 0x1.2345p-60);
    for (std::int64_t k = 0; k < 64; ++k) problem.inputs[0].set(7 * 64 + k, 0x1.1p-130);
    problem.inputs[0].set(11 * 64 + 63, std::nan(""));
    problem.inputs[0].set(18 * 64, HUGE_VAL);
    subject.prepare(problem);
    const Tensor got = subject.run(problem);
    expect_right(subject, problem, got, Data::spread);
    EXPECT_EQ(bits_of(subject.run(problem, 3)), bits_of(got));
  };
  for_each_target(q4gsw<ByteProducts::plain>, check);
  if (runs_here(ByteProducts::tiles)) for_each_target(q4gsw<ByteProducts::tiles>, check);
}

// What an activation of a layer's own costs is paid once a call, however many of its rows digits cannot hold.
TEST(CpuDigitLinear, TheActivationIsMadeOnce) {
  int calls = 0;
  const auto read = [&](const Call& prepared) {
    LinearSource source = read_linear_q4gsw(prepared);
    source.activation = [&](const Call& call) {
      ++calls;
      return call.input_as_f32(0);
    };
    return source;
  };
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    Subject subject(digit_linear("linear_q4gsw", target, read, ByteProducts::plain));
    Problem problem = problem_of(subject.op(), {{"M", 5}, {"K", 64}, {"N", 33}, {"group", 32}}, Data::spread);
    problem.inputs[0].set(3 * 64, HUGE_VAL);
    subject.prepare(problem);
    calls = 0;
    expect_right(subject, problem, subject.run(problem), Data::spread);
    EXPECT_EQ(calls, 1) << target.name;
  }
}

// Numbers as far apart as digits can still hold, with weights that hide the large ones: zeros where they are, so that
// the bound is that of the small ones.
TEST(CpuDigitLinear, SmallNumbersBesideLargeOnesAreWithinTheBound) {
  const auto check = [](Subject& subject) {
    Problem problem = problem_of(subject.op(), {{"M", 4}, {"K", 32}, {"N", 9}, {"group", 32}}, Data::spread);
    for (std::int64_t m = 0; m < 4; ++m) {
      for (std::int64_t k = 0; k < 32; ++k) {
        const double x = problem.inputs[0].at(m * 32 + k);
        problem.inputs[0].set(m * 32 + k, k < 8 ? x : std::ldexp(x, static_cast<int>(-4 * m - k / 8)));
      }
    }
    for (std::int64_t n = 0; n < 9; ++n) {
      for (std::int64_t k = 0; k < 4; ++k) problem.inputs[1].set(n * 16 + k, 0x88);  // code 0 for columns 0 … 7
    }
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::spread);
  };
  for_each_target(q4gsw<ByteProducts::plain>, check);
  if (runs_here(ByteProducts::tiles)) for_each_target(q4gsw<ByteProducts::tiles>, check);
}

}  // namespace
}  // namespace plumb::cpu
