#include "reference/quant/hqq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "reference/error.h"
#include "reference/testing/answers.h"
#include "reference/testing/emulated_hqq.h"

namespace plumb {
namespace {

const Op& with_zeros() {
  static const Op op = quantize_hqq();
  return op;
}

const Op& scale_only() {
  static const Op op = quantize_hqq_scale_only();
  return op;
}

bool admits(const Expected& expected, std::size_t i, double got) {
  const double want = expected.value[i];
  if (std::isnan(want) || std::isinf(expected.slack[i])) return true;
  return got == want || std::abs(got - want) <= expected.slack[i];
}

// Weights of about `size`, the first group zeros and the last one constant.
std::vector<float> weights(std::size_t count, std::size_t group, float size, unsigned seed) {
  std::minstd_rand random(seed);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;  // of four uniform numbers: nearly normal
    for (int j = 0; j < 4; ++j) sum += static_cast<double>(random()) * 0x1p-31 - 0.5;
    values.push_back(static_cast<float>(sum) * 1.7F * size);
  }
  std::fill_n(values.begin(), group, 0.0F);
  std::fill_n(values.end() - static_cast<std::ptrdiff_t>(group), group, 0.125F);
  return values;
}

Answer answer_to(const Op& op, const std::vector<float>& values, std::int64_t columns, Sizes params) {
  const std::vector<double> wide(values.begin(), values.end());
  const auto rows = static_cast<std::int64_t>(values.size()) / columns;
  return op.evaluate(problem_of(op, {tensor_of(DType::f32, {rows, columns}, wide)}, params));
}

std::int64_t refused(const Answer& answer, const EmulatedHqq::Result& result) {
  std::int64_t count = 0;
  const auto add = [&](const Expected& expected, const std::vector<float>& got) {
    ASSERT_EQ(expected.value.size(), got.size());
    for (std::size_t i = 0; i < got.size(); ++i) count += admits(expected, i, got[i]) ? 0 : 1;
  };
  add(answer[0], result.codes);
  add(answer[1], result.scale);
  if (answer.size() > 2) add(answer[2], result.zero);
  return count;
}

// (range / 15, so -1 … 2 in steps of 0.2; the zero is 5, and stays there: nothing is lost).
TEST(QuantizeHqq, KeepsWhatIsExact) {
  std::vector<float> values;
  for (int i = 0; i < 16; ++i) values.push_back(static_cast<float>(i - 5) * 0.5F);
  const Answer answer = answer_to(with_zeros(), values, 16, {{"group", 16}});
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(answer[0].value[i], static_cast<double>(i));
    EXPECT_EQ(answer[0].slack[i], 0);
  }
  EXPECT_EQ(answer[1].value, std::vector<double>{0.5});
  EXPECT_EQ(answer[2].value, std::vector<double>{1.5});  // (8 - 5) / 2
  const Answer raw = answer_to(with_zeros(), values, 16, {{"group", 16}, {"raw", 1}});
  EXPECT_EQ(raw[2].value, std::vector<double>{5});
}

TEST(QuantizeHqq, EqualValuesHaveTheLargestScale) {
  const Answer answer = answer_to(with_zeros(), {0, 0, 0.0005F, 0.0005F}, 4, {{"group", 2}});
  EXPECT_EQ(answer[1].value, (std::vector<double>{static_cast<double>(1 / 2e4F), static_cast<double>(1 / 2e4F)}));
  EXPECT_EQ(answer[0].value, (std::vector<double>{0, 0, 0, 0}));  // 0.0005 * 20000 is 10, and so is -zero
}

TEST(QuantizeHqq, GroupsMayBeStrided) {
  const std::vector<float> values = {0, 100, 15, 115, 30, 130};
  const Answer answer = answer_to(with_zeros(), values, 6, {{"group", 3}, {"axis", 0}, {"optimize", 0}});
  EXPECT_EQ(answer[0].value, (std::vector<double>{0, 0, 8, 8, 15, 15}));
  EXPECT_EQ(answer[1].value.size(), 2U);
}

TEST(QuantizeHqq, RawParametersNeedAGrid) {
  const Tensor w(DType::f32, {2, 6});
  EXPECT_NO_THROW((void)problem_of(with_zeros(), {w}, {{"group", 4}}));
  EXPECT_THROW((void)problem_of(with_zeros(), {w}, {{"group", 4}, {"raw", 1}}), Error);
  EXPECT_NO_THROW((void)problem_of(with_zeros(), {w}, {{"group", 2}, {"axis", 0}, {"raw", 1}}));
  EXPECT_THROW((void)problem_of(with_zeros(), {w}, {{"group", 3}, {"axis", 0}, {"raw", 1}}), Error);
}

TEST(QuantizeHqq, NanSpreadsOverItsGroupAndStopsAll) {
  std::vector<float> values = weights(64, 1, 1, 3);
  values[40] = std::nanf("");
  const Answer answer = answer_to(with_zeros(), values, 32, {{"group", 32}, {"raw", 1}});
  EXPECT_FALSE(std::isnan(answer[1].value[0]));
  EXPECT_TRUE(std::isnan(answer[1].value[1]) && std::isnan(answer[2].value[1]));
  EXPECT_TRUE(std::isnan(answer[0].value[32]));
  EmulatedHqq once({.iterations = 1});
  const EmulatedHqq::Result first = once.with_zeros(values, 32, 4);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_TRUE(admits(answer[0], i, first.codes[i]));
  EXPECT_TRUE(admits(answer[2], 0, first.zero[0]));
}

TEST(QuantizeHqqScaleOnly, FitsTheScaleToTheCodes) {
  // scale 1: codes 7, 1, 0; then (49 + 1.2) / 50.
  const Answer answer = answer_to(scale_only(), {7, 1.2F, 0.1F}, 3, {{"group", 3}, {"quant_min", -7}});
  EXPECT_EQ(answer[0].value, (std::vector<double>{7, 1, 0}));
  EXPECT_NEAR(answer[1].value[0], 50.2 / 50, 1e-6);
}

TEST(QuantizeHqqScaleOnly, ZerosKeepTheSmallestScale) {
  const Answer answer = answer_to(scale_only(), {0, -0.0F, 0, 0}, 4, {{"group", 2}});
  EXPECT_EQ(answer[1].value, (std::vector<double>{0x1p-23, 0x1p-23}));
  EXPECT_EQ(answer[0].value, (std::vector<double>{0, 0, 0, 0}));
}

struct Data {
  float size;
  std::int64_t group, bits;
};

// Errors of more than 0.15, which only large weights have, are shrunk and not cut to zero.
constexpr Data kData[] = {{0.05F, 32, 4}, {0.05F, 64, 2}, {0.05F, 16, 8}, {4, 32, 4}, {30, 33, 4}, {300, 16, 2}};

// Whatever the order of its sums, the algorithm gives an outcome that the oracle knows.
TEST(HqqOracles, AdmitEveryOrderOfSums) {
  for (const Data& data : kData) {
    const std::vector<float> values = weights(2 * 64 * 33, static_cast<std::size_t>(data.group), data.size, 7);
    const std::int64_t high = (std::int64_t{1} << (data.bits - 1)) - 1;
    const Answer zeros =
        answer_to(with_zeros(), values, 64 * 33, {{"group", data.group}, {"bits", data.bits}, {"raw", 1}});
    const Answer scales = answer_to(scale_only(), values, 64 * 33,
                                    {{"group", data.group}, {"quant_min", -high - 1}, {"quant_max", high}});
    for (unsigned order = 0; order < 4; ++order) {
      EmulatedHqq emulated({.order = order});
      EXPECT_EQ(refused(zeros, emulated.with_zeros(values, data.group, data.bits)), 0) << data.size << " " << order;
      EXPECT_EQ(refused(scales, emulated.scale_only(values, data.group, -high - 1, high)), 0)
          << data.size << " " << order;
    }
  }
}

// An oracle that admits much would catch nothing: nearly all codes have one outcome, the others two.
TEST(HqqOracles, AdmitLittle) {
  for (const Data& data : kData) {
    const std::vector<float> values = weights(2 * 64 * 33, static_cast<std::size_t>(data.group), data.size, 7);
    const std::int64_t high = (std::int64_t{1} << (data.bits - 1)) - 1;
    for (const Answer& answer : {answer_to(with_zeros(), values, 64 * 33, {{"group", data.group}, {"bits", data.bits}}),
                                 answer_to(scale_only(), values, 64 * 33,
                                           {{"group", data.group}, {"quant_min", -high - 1}, {"quant_max", high}})}) {
      const std::vector<double>& slack = answer[0].slack;
      const auto open = std::ranges::count_if(slack, [](double s) { return s > 0; });
      RecordProperty("open", static_cast<int>(open));
      EXPECT_LE(open, std::ssize(slack) / 50) << data.size << " " << data.bits;
      EXPECT_LE(std::ranges::max(slack), 0.500001) << data.size << " " << data.bits;
    }
  }
}

// Kernels with one thing wrong give something that is no outcome.
TEST(HqqOracles, RefuseWrongAlgorithms) {
  constexpr Data kTelling[] = {{0.05F, 32, 4}, {3, 32, 4}, {30, 32, 4}, {1, 32, 3}, {0.5F, 8, 2}};
  const EmulatedHqq::Options wrong[] = {{.iterations = 1},     {.rounds_zero = false}, {.rounds_half_up = true},
                                        {.growth = 1.0},       {.shrinks = false},     {.divides = true},
                                        {.stops_early = false}};
  for (const EmulatedHqq::Options& options : wrong) {
    std::int64_t count = 0;
    for (const Data& data : kTelling) {
      const std::vector<float> values = weights(512, static_cast<std::size_t>(data.group), data.size, 11);
      const Answer answer =
          answer_to(with_zeros(), values, 64, {{"group", data.group}, {"raw", 1}, {"bits", data.bits}});
      count += refused(answer, EmulatedHqq(options).with_zeros(values, data.group, data.bits));
    }
    EXPECT_GT(count, 0) << &options - wrong;
  }
  const std::vector<float> small = weights(512, 32, 0.05F, 11);
  const Answer answer = answer_to(scale_only(), small, 64, {{"group", 32}});
  EXPECT_GT(refused(answer, EmulatedHqq({.iterations = 1}).scale_only(small, 32, -8, 7)), 0);
}

}  // namespace
}  // namespace plumb
