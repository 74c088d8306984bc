#include "runners/data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/ops.h"
#include "runners/case.h"

namespace plumb {
namespace {

// FNV-1a, 64 bits, over all inputs: a changed data set changes the meaning of every case name ever written down.
std::uint64_t fingerprint(const std::string& case_name) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const Tensor& input : make_problem(parse_case(case_name)).inputs) {
    for (const std::byte byte : input.bytes()) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 1099511628211ULL;
  }
  return hash;
}

std::vector<double> first_values(const std::string& case_name, std::size_t input) {
  const Tensor tensor = make_problem(parse_case(case_name)).inputs[input];
  std::vector<double> values;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(4, tensor.size()); ++i) values.push_back(tensor.at(i));
  return values;
}

TEST(Data, FirstValuesAreTheSameOnEveryMachine) {
  const std::string spread = "linear_q4gsw[M=3,K=256,N=40,group=64,bias]/spread#7";
  EXPECT_EQ(first_values(spread, 0),
            (std::vector<double>{1.3349865674972534, -1.2889480590820312, 2.4758968353271484, -1.3302034139633179}));
  EXPECT_EQ(first_values(spread, 1), (std::vector<double>{111, 187, 146, 161}));
  EXPECT_EQ(first_values(spread, 2), (std::vector<double>{0.0020212819799780846, 0.00041597866220399737,
                                                          0.010731946676969528, 0.0031284054275602102}));
  const std::string exact = "linear_q4gsw[M=3,K=256,N=40,group=64,bias]/exact#7";
  EXPECT_EQ(first_values(exact, 0), (std::vector<double>{5, -1, 7, 1}));
  EXPECT_EQ(first_values(exact, 3), (std::vector<double>{-221847.375, 108103.625, 248611.5, 139991.75}));
  EXPECT_EQ(first_values("embedding_q4gsw[M=5,N=33,K=8,group=4]/spread#7", 2), (std::vector<double>{32, 0, 0, 15}));
}

TEST(Data, WholeInputsAreTheSameOnEveryMachine) {
  EXPECT_EQ(fingerprint("linear_q4gsw[M=3,K=256,N=40,group=64,x=f16,scale=bf16,bias]/bounded#7"),
            0xc4aeac9538110eb2ULL);
  EXPECT_EQ(fingerprint("embedding_q4gsw[M=5,N=33,K=48,group=3,scale=f16,linear]/spread#1"), 0xabfe0bd7e15c4cbbULL);
  EXPECT_EQ(fingerprint("unpack_uint4[n=300,container=i8]/exact#2"), 0xab8bd2c00ada33e1ULL);
}

TEST(Data, BytesCoverAllValuesBeforeAnyRepeats) {
  const Tensor codes = make_problem(parse_case("pack_uint4[n=256]/exact#9")).inputs[0];
  EXPECT_EQ(std::set<int>(codes.codes().begin(), codes.codes().end()).size(), 256U);
}

TEST(Data, BytesOfWideElementsAreAnyBits) {
  const Tensor scales = make_problem(parse_case("transpose_scales[N=130,G=65,scale=f16]/exact#9")).inputs[0];
  std::set<std::uint16_t> distinct;
  int special = 0;
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, scales.bytes().data() + 2 * i, sizeof bits);
    distinct.insert(bits);
    special += std::isfinite(scales.at(i)) ? 0 : 1;
  }
  EXPECT_GT(distinct.size(), 7000U);  // 8450 draws from 65536
  EXPECT_GT(special, 100);            // one in 32 is infinite or NaN
}

TEST(Data, IndicesAskForTheLastAndTheFirstRow) {
  EXPECT_EQ(first_values("embedding_q4gsw[M=2,N=33,K=8,group=4]/exact#9", 2), (std::vector<double>{32, 0}));
}

TEST(Data, SpreadScalesDifferForEveryRowAndGroup) {
  const Tensor scales = make_problem(parse_case("linear_q4gsw[M=1,K=256,N=64,group=32]/spread#3")).inputs[2];
  std::set<double> distinct;
  double low = 1e30, high = 0;
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    distinct.insert(scales.at(i));
    low = std::min(low, scales.at(i));
    high = std::max(high, scales.at(i));
  }
  EXPECT_EQ(static_cast<std::int64_t>(distinct.size()), scales.size());
  EXPECT_GT(high / low, 256);
}

TEST(ExactBudget, NeverExceedsItsBits) {
  for (const int bits : {8, 11, 24}) {
    for (std::int64_t length = 1; length <= 40000; length = length * 3 / 2 + 1) {
      const ExactBudget budget = plan_exact(length, 8, bits);
      const std::int64_t active = (length + budget.stride - 1) / budget.stride;
      EXPECT_LE(active * budget.activation * 8 * (1 << budget.scale_exponents) + budget.bias, std::int64_t{1} << bits)
          << "length " << length << " bits " << bits;
    }
  }
}

// Sums of exact data, in any order and of any part, must be exact: here in f32 and in the narrowest types.
void expect_exact(const std::string& case_name, int bits) {
  const Case test_case = parse_case(case_name);
  const Problem problem = make_problem(test_case);
  const Expected expected = test_case.op->evaluate(problem)[0];
  for (std::size_t i = 0; i < expected.value.size(); ++i) {
    // All terms are multiples of 2^-3 and their absolute values sum to less than 2^bits quanta.
    EXPECT_LE(expected.magnitude[i] * 8, std::ldexp(1.0, bits)) << case_name;
    EXPECT_EQ(expected.value[i] * 8, std::nearbyint(expected.value[i] * 8)) << case_name;
  }
}

TEST(Data, ExactDataFitTheirBudget) {
  expect_exact("linear_q4gsw[M=3,K=256,N=40,group=64,bias]/exact#7", 24);
  expect_exact("linear_q4gsw[M=3,K=2048,N=40,group=64,x=f16,bias]/exact#7", 11);
  expect_exact("linear_q4gsw[M=3,K=2048,N=40,group=64,bias]/exact11#7", 11);
  expect_exact("linear_q4gsw[M=3,K=2048,N=40,group=64,bias]/exact8#7", 8);
}

TEST(Data, SparseExactRowsCoverAllOfKTogether) {
  const Case test_case = parse_case("linear_q4gsw[M=33,K=2048,N=1,group=64]/exact11#7");
  const Tensor x = make_problem(test_case).inputs[0];
  std::set<std::int64_t> covered;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (x.at(i) != 0) covered.insert(i % 2048);
  }
  EXPECT_EQ(covered.size(), 2048U);
}

TEST(ExactBudget, HoldsForCodesOfEightBits) {
  for (const int bits : {8, 11, 24}) {
    const ExactBudget budget = plan_exact(300, 128, bits);
    const std::int64_t active = (300 + budget.stride - 1) / budget.stride;
    EXPECT_LE(active * budget.activation * 128 << budget.scale_exponents, (std::int64_t{1} << bits) - budget.bias);
  }
}

TEST(Data, CodeSumsAreThoseOfTheCodes) {
  const Problem problem = make_problem(parse_case("linear_dq8ca_q4gsw[M=1,K=24,N=3,group=12]/bounded#5"));
  const std::vector<int> codes = unpack(layout_named("et_vk.q4gsw"), {3, 24}, problem.inputs[3].codes());
  const Tensor& sums = problem.inputs[4];
  ASSERT_EQ(sums.shape(), (Shape{2, 8}));
  for (std::int64_t i = 0; i < sums.size(); ++i) {
    const std::int64_t g = i / 8, n = i % 8;
    std::int64_t sum = 0;
    for (std::int64_t k = g * 12; n < 3 && k < (g + 1) * 12; ++k) sum += codes[static_cast<std::size_t>(n * 24 + k)];
    EXPECT_EQ(sums.at(i), static_cast<double>(sum)) << i;
  }
}

// Exact activations are whole multiples of their row's scale, and bounded ones use most codes and have a tie or two.
TEST(Data, ActivationsFitTheScalesTheyAreQuantisedWith) {
  const auto quotients = [](const std::string& case_name) {
    const Problem problem = make_problem(parse_case(case_name));
    std::vector<double> values;
    for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
      values.push_back(problem.inputs[0].at(i) / problem.inputs[1].at(i / problem.signature["K"]));
    }
    return values;
  };
  for (const double q : quotients("linear_dq8ca_q4gsw[M=4,K=64,N=1,group=32]/exact#1")) EXPECT_EQ(q, std::trunc(q));
  const std::vector<double> bounded = quotients("linear_dq8ca_q4gsw[M=4,K=256,N=1,group=32]/bounded#1");
  const auto [least, most] = std::ranges::minmax(bounded);
  EXPECT_GT(most - least, 128);
  EXPECT_LT(most - least, 512);
  const auto is_tie = [](double q) { return std::abs(q - std::floor(q) - 0.5) < 1e-4; };
  EXPECT_GE(std::ranges::count_if(bounded, is_tie), 4);
}

Tensor input_of(const std::string& case_name, std::size_t input) {
  return make_problem(parse_case(case_name)).inputs[input];
}

TEST(Adversary, OneHotRowsHaveOneElement) {
  const Tensor x = input_of("linear_q4gsw[M=5,K=40,N=3,group=4]/one_hot#3", 0);
  std::set<std::int64_t> columns;
  for (std::int64_t m = 0; m < 5; ++m) {
    int hot = 0;
    for (std::int64_t k = 0; k < 40; ++k) {
      if (x.at(m * 40 + k) == 0) continue;
      ++hot;
      columns.insert(k);
    }
    EXPECT_EQ(hot, 1) << m;
  }
  EXPECT_EQ(columns.size(), 5U) << "rows are hot at different places";
}

TEST(Adversary, ExtremesOverflowHalfPrecision) {
  const Case test_case = parse_case("linear_q4gsw[M=2,K=128,N=3,group=32]/extremes#4");
  const Expected expected = test_case.op->evaluate(make_problem(test_case))[0];
  for (const double value : expected.value) EXPECT_GT(std::abs(value), 65504);
  EXPECT_TRUE(can_be_judged(*test_case.mode, *test_case.op, Contract{}));
  EXPECT_FALSE(can_be_judged(*test_case.mode, *test_case.op, {.accumulator = DType::f16}));
}

TEST(Adversary, TinyScalesAreZeroSubnormalSmallestAndPlain) {
  for (const char* scale : {"f32", "f16", "bf16"}) {
    const Tensor scales =
        input_of("linear_q4gsw[M=1,K=256,N=64,group=32,scale=" + std::string(scale) + "]/tiny_scales#3", 2);
    const double smallest = min_normal(scales.dtype());
    int zero = 0, subnormal = 0, normal = 0, plain = 0;
    for (std::int64_t i = 0; i < scales.size(); ++i) {
      const double value = scales.at(i);
      (value == 0 ? zero : value < smallest ? subnormal : value == smallest ? normal : plain) += 1;
    }
    EXPECT_TRUE(zero > 9 && subnormal > 9 && normal > 9 && plain > 9) << scale;
  }
}

// A NaN or an infinity, in one place.
TEST(Adversary, NotFiniteIsOneElement) {
  std::set<std::string> kinds;
  for (int seed = 0; seed < 6; ++seed) {
    const Tensor x = input_of("linear_q4gsw[M=3,K=40,N=3,group=4]/not_finite#" + std::to_string(seed), 0);
    int spoilt = 0;
    for (std::int64_t i = 0; i < x.size(); ++i) {
      if (std::isfinite(x.at(i))) continue;
      ++spoilt;
      kinds.insert(std::isnan(x.at(i)) ? "nan" : x.at(i) > 0 ? "inf" : "-inf");
    }
    EXPECT_EQ(spoilt, 1) << seed;
  }
  EXPECT_EQ(kinds.size(), 3U);
}

TEST(DataMode, UnknownNamesAreAnError) { EXPECT_THROW((void)data_mode_named("normal"), Error); }

// Scales of rows lie within some octaves, and the result's is such that few results saturate and a bias is many codes.
TEST(Data, ResultsInEightBitsUseTheirRange) {
  const Op& op = op_named("q8ta_linear");
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Case test_case{&op, make_signature(op, {{"M", 8}, {"K", 96}, {"N", 33}, {"bias", 1}}),
                         &data_mode_named("exact"), seed};
    const Problem problem = make_problem(test_case);
    const Expected y = op.evaluate(problem)[0];
    const auto saturated = std::ranges::count_if(y.value, [](double code) { return code == -128 || code == 127; });
    EXPECT_LT(saturated, std::ssize(y.value) * 2 / 3) << seed;
    const std::set<double> codes(y.value.begin(), y.value.end());
    EXPECT_GT(codes.size(), 40U) << seed;
    const Tensor& bias = problem.inputs[op.input_index("bias")];
    const double scale = problem.inputs[op.input_index("output_scale")].at(0);
    int large = 0;
    for (std::int64_t n = 0; n < bias.size(); ++n) large += std::abs(bias.at(n)) > 4 * scale ? 1 : 0;
    EXPECT_GT(large, bias.size() / 2) << seed;
  }
}

}  // namespace
}  // namespace plumb
