#include "reference/kernel/linear_q4gsw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor result(dtype, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) result.set(static_cast<std::int64_t>(i), values[i]);
  return result;
}

Expected evaluate(std::vector<Tensor> inputs, std::int64_t group) {
  const Op op = linear_q4gsw();
  std::vector<Offer> offers;
  for (const Tensor& input : inputs) offers.push_back(offer_of(input));
  return op.evaluate({infer_signature(op, offers, {{"group", group}}), std::move(inputs)})[0];
}

// M = 2, K = 4, N = 2, group = 2. Codes: row 0: 1 -2 3 -8, row 1: 7 0 -1 2, four columns of padding that say -8.
//   w[0] = 0.5 -1 0.75 -2, w[1] = 14 0 1 -2
std::vector<Tensor> small(DType x = DType::f32, DType scale = DType::f32) {
  return {tensor(x, {2, 4}, {1, 2, 3, 4, 0.5, -1, 0, 2}),
          tensor(DType::u8, {2, 4}, {0x69, 0x0b, 0x00, 0x00, 0x8f, 0xa7, 0x00, 0x00}),
          tensor(scale, {2, 2}, {0.5, 2, 0.25, -1}), Tensor()};
}

TEST(LinearQ4gsw, SmallByHand) {
  for (const DType x : {DType::f32, DType::f16}) {
    for (const DType scale : {DType::f32, DType::f16, DType::bf16}) {
      // 0.5 - 2 + 2.25 - 8;  14 + 0 + 3 - 8;  0.25 + 1 + 0 - 4;  7 + 0 + 0 - 4
      EXPECT_EQ(evaluate(small(x, scale), 2).value, (std::vector<double>{-7.25, 9, -2.75, 3}));
    }
  }
}

TEST(LinearQ4gsw, BiasIsAddedToEachRow) {
  std::vector<Tensor> inputs = small();
  inputs[3] = tensor(DType::f32, {2}, {10, -20});
  const Expected expected = evaluate(std::move(inputs), 2);
  EXPECT_EQ(expected.value, (std::vector<double>{2.75, -11, 7.25, -17}));
  EXPECT_EQ(expected.magnitude, (std::vector<double>{22.75, 45, 15.25, 31}));
}

TEST(LinearQ4gsw, TermsOfTheBoundByHand) {
  const Expected expected = evaluate(small(), 2);
  // |0.5| + |2| + |2.25| + |8|;  14 + 0 + 3 + 8;  0.25 + 1 + 0 + 4;  7 + 0 + 0 + 4
  EXPECT_EQ(expected.magnitude, (std::vector<double>{12.75, 25, 5.25, 11}));
  // The unscaled sums of group 1 are larger in row 0: |3 * 3| + |4 * -8| = 41 and |2 * -8| = 16.
  // In row 1: 25, and max(11, |w| = 14).
  EXPECT_EQ(expected.peak, (std::vector<double>{41, 25, 16, 14}));
}

TEST(LinearQ4gsw, ScalesAreRoundedToTheirType) {
  const double third_f16 = 0x1.554p-2, third_bf16 = 0x1.56p-2;
  for (const auto& [dtype, third] : {std::pair{DType::f16, third_f16}, {DType::bf16, third_bf16}}) {
    const Expected expected =
        evaluate({tensor(DType::f32, {1, 4}, {1, 0, 0, 0}), tensor(DType::u8, {1, 4}, {0x8b, 0x88, 0x88, 0x88}),
                  tensor(dtype, {1, 1}, {1.0 / 3}), Tensor()},
                 4);
    EXPECT_EQ(expected.value, std::vector<double>{3 * third}) << to_string(dtype);
  }
}

// A problem of any size, and the same as plain numbers.
struct Plain {
  std::int64_t rows, columns, outputs, group;
  std::vector<std::vector<double>> x, code, scale;  // [M][K], [N][K], [N][G]
  std::vector<double> bias;                         // [N]
};

Plain plain(std::int64_t rows, std::int64_t columns, std::int64_t outputs, std::int64_t group) {
  Plain p{rows, columns, outputs, group, {}, {}, {}, {}};
  for (int m = 0; m < rows; ++m) {
    p.x.emplace_back();
    for (int k = 0; k < columns; ++k) p.x[static_cast<std::size_t>(m)].push_back((m * 5 + k * 3) % 11 / 4.0 - 1.25);
  }
  for (int n = 0; n < outputs; ++n) {
    p.code.emplace_back();
    p.scale.emplace_back();
    for (int k = 0; k < columns; ++k) p.code.back().push_back((n * 7 + k * 5) % 16 - 8);
    for (int g = 0; g < columns / group; ++g) p.scale.back().push_back(std::ldexp(n + 1, -g - 2));
    p.bias.push_back(n - 0.5);
  }
  return p;
}

// Packs by hand: low nibble is the even column, padding columns hold what must not be read.
std::vector<Tensor> tensors(const Plain& p) {
  const std::int64_t stride = (p.columns + 7) / 8 * 4, groups = p.columns / p.group;
  std::vector<Tensor> t = {Tensor(DType::f32, {p.rows, p.columns}), Tensor(DType::u8, {p.outputs, stride}),
                           Tensor(DType::f32, {groups, p.outputs}), Tensor(DType::f32, {p.outputs})};
  for (std::int64_t i = 0; i < t[0].size(); ++i) {
    t[0].set(i, p.x[static_cast<std::size_t>(i / p.columns)][static_cast<std::size_t>(i % p.columns)]);
  }
  for (std::int64_t n = 0; n < p.outputs; ++n) {
    const auto row = static_cast<std::size_t>(n);
    for (std::int64_t k = 0; k < 2 * stride; ++k) {
      const double code = k < p.columns ? p.code[row][static_cast<std::size_t>(k)] : 7;
      const auto byte = static_cast<std::size_t>(n * stride + k / 2);
      const auto nibble = static_cast<unsigned>(code + 8);
      t[1].codes()[byte] = static_cast<std::uint8_t>(t[1].codes()[byte] | nibble << (k % 2 * 4));
    }
    for (std::int64_t g = 0; g < groups; ++g) t[2].set(g * p.outputs + n, p.scale[row][static_cast<std::size_t>(g)]);
    t[3].set(n, p.bias[row]);
  }
  return t;
}

// The four numbers of one element by their definitions, one loop over k.
void expect_element(const Plain& p, const Expected& got, std::int64_t m, std::int64_t n) {
  const auto row = static_cast<std::size_t>(n), at = static_cast<std::size_t>(m * p.outputs + n);
  const double bias = p.bias[row];
  double value = bias, magnitude = std::abs(bias), underflow = 2, peak = 0, unscaled = 0;
  for (std::int64_t k = 0; k < p.columns; ++k) {
    const double x = p.x[static_cast<std::size_t>(m)][static_cast<std::size_t>(k)];
    const double c = p.code[row][static_cast<std::size_t>(k)];
    const double s = p.scale[row][static_cast<std::size_t>(k / p.group)];
    value += x * c * s;
    magnitude += std::abs(x * c * s);
    underflow += std::abs(c * s) + std::abs(x * c) + std::abs(x) + 2 * std::abs(s) + 4;
    unscaled = (k % p.group == 0 ? 0 : unscaled) + std::abs(x * c);
    peak = std::max({peak, unscaled, std::abs(c * s)});
  }
  EXPECT_EQ(got.value[at], value) << m << " " << n;  // all sums are exact in double
  EXPECT_EQ(got.magnitude[at], magnitude) << m << " " << n;
  EXPECT_EQ(got.underflow[at], underflow) << m << " " << n;
  EXPECT_EQ(got.peak[at], std::max(peak, magnitude)) << m << " " << n;
}

TEST(LinearQ4gsw, EqualsPlainLoopsWithPaddedColumns) {
  const std::int64_t shapes[][4] = {{3, 36, 5, 12}, {1, 7, 1, 7}, {2, 64, 33, 16}, {4, 12, 3, 4}, {9, 40, 17, 8}};
  for (const auto& [rows, columns, outputs, group] : shapes) {
    const Plain p = plain(rows, columns, outputs, group);
    const Expected got = evaluate(tensors(p), group);
    ASSERT_EQ(got.value.size(), static_cast<std::size_t>(rows * outputs));
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t n = 0; n < outputs; ++n) expect_element(p, got, m, n);
    }
  }
}

TEST(LinearQ4gsw, NanAndInfinityStayInTheirRow) {
  const Plain p = plain(9, 64, 33, 16);
  const Expected clean = evaluate(tensors(p), p.group);
  for (const double special : {std::nan(""), kInfinity}) {
    std::vector<Tensor> inputs = tensors(p);
    inputs[0].set(4 * 64 + 17, special);
    const Expected got = evaluate(std::move(inputs), p.group);
    for (std::size_t i = 0; i < got.value.size(); ++i) {
      if (i / 33 == 4) {
        EXPECT_FALSE(std::isfinite(got.value[i])) << i;
      } else {
        EXPECT_EQ(got.value[i], clean.value[i]) << i;
        EXPECT_EQ(got.magnitude[i], clean.magnitude[i]) << i;
      }
    }
  }
}

TEST(LinearQ4gsw, ANanScaleStaysInItsColumn) {
  const Plain p = plain(9, 64, 33, 16);
  const Expected clean = evaluate(tensors(p), p.group);
  std::vector<Tensor> inputs = tensors(p);
  inputs[2].set(2 * 33 + 8, std::nan(""));
  const Expected got = evaluate(std::move(inputs), p.group);
  for (std::size_t i = 0; i < got.value.size(); ++i) {
    EXPECT_EQ(std::isnan(got.value[i]), i % 33 == 8) << i;
    if (i % 33 == 8) continue;
    EXPECT_EQ(got.value[i], clean.value[i]) << i;
  }
}

TEST(LinearQ4gsw, NoRowsGiveNothing) {
  std::vector<Tensor> inputs = small();
  inputs[0] = Tensor(DType::f32, {0, 4});
  EXPECT_TRUE(evaluate(std::move(inputs), 2).value.empty());
}

}  // namespace
}  // namespace plumb
