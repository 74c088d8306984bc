#include "runners/judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/ops.h"

namespace plumb {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::byte kPoison{0xFF};

TEST(Acceptable, HoldsToTheBound) {
  EXPECT_TRUE(acceptable(1.5, 1.0, 0.5, DType::f32));
  EXPECT_FALSE(acceptable(1.5000001, 1.0, 0.5, DType::f32));
  EXPECT_TRUE(acceptable(-0.0, 0.0, 0, DType::f32));
}

TEST(Acceptable, LetsNoNanThrough) {
  EXPECT_FALSE(acceptable(kNan, 1.0, 0.5, DType::f32));
  EXPECT_FALSE(acceptable(kNan, kInf, 0.5, DType::f32));
  EXPECT_FALSE(acceptable(kNan, 1.0, kNan, DType::f32));
  EXPECT_FALSE(acceptable(1.0, kNan, 0.5, DType::f32));
  EXPECT_FALSE(acceptable(1.0, 1.0, kNan, DType::f32));
  EXPECT_TRUE(acceptable(kNan, kNan, 0, DType::f32));
}

TEST(Acceptable, AcceptsAnInfinityOnlyWhereRoundingGivesOne) {
  EXPECT_TRUE(acceptable(kInf, kInf, 0, DType::f32));
  EXPECT_FALSE(acceptable(-kInf, kInf, 0, DType::f32));
  EXPECT_FALSE(acceptable(3e38, kInf, 0, DType::f32));
  EXPECT_FALSE(acceptable(kInf, 65000, 10, DType::f16));
  EXPECT_TRUE(acceptable(kInf, 65500, 20, DType::f16));  // 65520 rounds to infinity
  EXPECT_FALSE(acceptable(-kInf, 65500, 20, DType::f16));
  EXPECT_TRUE(acceptable(kInf, 1e39, 0, DType::f32));
  EXPECT_FALSE(acceptable(-kInf, 1e39, 0, DType::f32));
  EXPECT_TRUE(acceptable(kInf, -70000, 140000, DType::f16)) << "the bound reaches across zero";
  EXPECT_FALSE(acceptable(kInf, -70000, 130000, DType::f16));
}

class JudgeLinear : public testing::Test {
 protected:
  const Op& op_ = op_named("linear_q4gsw");
  Signature signature_ = make_signature(op_, {{"M", 3}, {"K", 8}, {"N", 4}, {"group", 8}});
  Tensor got_{DType::f32, {3, 4}};
  std::vector<double> want_ = std::vector<double>(12, 0.0), bounds_ = std::vector<double>(12, 0.25);

  Judgement judge_it() { return judge(op_.outputs[0], signature_, got_, want_, bounds_, kPoison); }
};

// A code that may be 3 or 4, one that is 7, and one that may be anything.
TEST(Judge, AdmitsBothOutcomesOfATieAndNoOther) {
  const Op& op = op_named("quantize_hqq");
  const Signature signature = make_signature(op, {{"N", 1}, {"K", 3}, {"group", 3}});
  const auto wrong = [&](double first, double second, double third) {
    Tensor got(DType::u8, {1, 3});
    for (const auto& [i, code] : {std::pair{0, first}, {1, second}, {2, third}}) got.set(i, code);
    const Judgement found = judge(op.outputs[0], signature, got, {3.5, 7, 0}, {0.5, 0, kInf}, kPoison);
    EXPECT_EQ(found.unjudged, 1);
    return found.wrong;
  };
  EXPECT_EQ(wrong(3, 7, 0), 0);
  EXPECT_EQ(wrong(4, 7, 99), 0);
  EXPECT_EQ(wrong(2, 7, 0), 1);
  EXPECT_EQ(wrong(5, 8, 0), 2);
}

TEST_F(JudgeLinear, ProvesARightOutput) {
  got_.set(5, 0.125);
  const Judgement found = judge_it();
  EXPECT_TRUE(found.proved());
  EXPECT_EQ(found.worst->index, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(found.worst->ratio, 0.5);
  EXPECT_EQ(describe(found), "");
}

TEST_F(JudgeLinear, NamesTheWorstElementAndWhereTheWrongOnesLie) {
  for (const std::int64_t row : {0, 1, 2}) got_.set(row * 4 + 3, 1 + static_cast<double>(row));
  const Judgement found = judge_it();
  EXPECT_FALSE(found.proved());
  EXPECT_EQ(found.wrong, 3);
  EXPECT_EQ(found.worst->index, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(found.worst->ratio, 12);
  EXPECT_EQ(describe(found), "wrong elements lie all at N = 3 (of 4)");
}

TEST_F(JudgeLinear, CountsElementsThatWereNotWritten) {
  std::fill_n(got_.bytes().begin() + 4 * 4, 16, kPoison);
  const Judgement found = judge_it();
  EXPECT_EQ(found.unwritten, 4);
  EXPECT_EQ(found.wrong, 4);
  EXPECT_EQ(describe(found), "wrong elements lie all at M = 1 (of 3)");
  EXPECT_TRUE(std::isinf(found.worst->ratio));
}

TEST_F(JudgeLinear, ProvesNothingWithoutAFiniteBound) {
  bounds_.assign(12, kInf);
  const Judgement found = judge_it();
  EXPECT_EQ(found.unjudged, 12);
  EXPECT_FALSE(found.proved());
  EXPECT_FALSE(found.worst.has_value());
}

TEST(SameBits, TellsZerosApartAndNansTogether) {
  Tensor a(DType::f32, {2}), b(DType::f32, {2});
  EXPECT_TRUE(same_bits(a, b));
  b.set(0, -0.0);
  EXPECT_FALSE(same_bits(a, b));
  a.set(0, kNan);
  b.set(0, -kNan);
  EXPECT_TRUE(same_bits(a, b));
  EXPECT_FALSE(same_bits(a, Tensor(DType::f32, {2, 1})));
}

}  // namespace
}  // namespace plumb
