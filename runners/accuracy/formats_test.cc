// Every format: packed weights, before their operator's oracle, are what the codes stand for.
#include "runners/accuracy/formats.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/quantised_code.h"
#include "reference/quant/steps.h"
#include "runners/accuracy/called_layer.h"
#include "runners/philox.h"

namespace plumb::accuracy {
namespace {

using model::Matrix;

Tensor random_weight(std::int64_t rows, std::int64_t columns) {
  Tensor weight(DType::f32, {rows, columns});
  const Random random(3, "weight");
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    weight.set(i, random.uniform(static_cast<std::uint64_t>(i), -0.5, 1) / (1 + static_cast<double>(i % 7)));
  }
  return weight;
}

Matrix<double> random_activation(std::int64_t rows, std::int64_t columns) {
  Matrix<double> x(rows, columns);
  const Random random(3, "x");
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = random.uniform(static_cast<std::uint64_t>(i), -1, 2.5);
  return x;
}

void expect_product(const Format& format, const Choices& choices) {
  SCOPED_TRACE(std::string(format.name) + (choices.asymmetric ? " asymmetric" : "") + " group " +
               std::to_string(choices.group));
  const Tensor weight = random_weight(32, 64);
  const QuantisedWeight quantised = format.quantise(weight, format, choices);
  const PackedWeight packed = format.pack(quantised, format, choices);
  const Matrix<double> x = random_activation(5, 64);
  const Problem problem = problem_for(packed, activations_for(packed, format.activation, x));
  const Answer answer = packed.op->evaluate(problem);
  const Matrix<double> want = as_prescribed(format.activation, x) * dequantised<double>(quantised, 0, 32).transpose();
  ASSERT_EQ(std::ssize(answer[0].value), want.size());
  for (Eigen::Index i = 0; i < want.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_LE(std::abs(answer[0].value[at] - want.data()[i]), 1e-12 * answer[0].magnitude[at]) << i;
  }
  // Quantisation moves a weight by half a step, or a clipped extreme by a whole one.
  const Matrix<double> back = dequantised<double>(quantised, 0, 32);
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    const auto group = static_cast<std::size_t>(i / quantised.group);
    EXPECT_LE(std::abs(back.data()[i] - weight.at(i)), 1.01 * std::abs(quantised.scales[group])) << i;
  }
}

TEST(Formats, PackWhatTheirCodesStandFor) {
  for (const Format& format : all_formats()) {
    for (const std::int64_t group : {0, 16, 64}) {
      if (group != 0 && !format.groups) continue;
      if (std::string(format.name) == "aten.int4" && group == 16) continue;  // ATen has groups of 32, 64, 128 and 256
      expect_product(format, {group, false});
      if (format.may_be_asymmetric) expect_product(format, {group, true});
    }
  }
}

TEST(Formats, TablesLookUpTheSameRows) {
  for (const Format& format : all_formats()) {
    if (format.pack_table == nullptr) continue;
    const QuantisedWeight quantised = format.quantise(random_weight(12, 32), format, {16, false});
    const PackedWeight table = format.pack_table(quantised);
    const std::vector<std::int32_t> rows = {11, 0, 5, 5};
    const Answer answer = table.op->evaluate(problem_for(table, activations_for(table, rows)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Matrix<double> want = dequantised<double>(quantised, rows[i], 1);
      for (Eigen::Index k = 0; k < 32; ++k) {
        EXPECT_EQ(answer[0].value[i * 32 + static_cast<std::size_t>(k)], want(0, k)) << format.name;
      }
    }
  }
}

// Codes, scales and zero points, each with their own width.
TEST(Formats, CountPackedBytes) {
  const auto bits = [](const char* name, const Choices& choices) {
    const Format& format = format_named(name);
    const QuantisedWeight quantised = format.quantise(random_weight(32, 128), format, choices);
    return 8.0 * static_cast<double>(format.pack(quantised, format, choices).size_bytes()) / (32 * 128);
  };
  EXPECT_EQ(bits("nncf.u4", {128, true}), 4 + 16.0 / 128 + 4.0 / 128);
  EXPECT_EQ(bits("nncf.u4", {64, false}), 4 + 16.0 / 64);
  EXPECT_NEAR(bits("nncf.u2", {64, false}), 2 + 16.0 / 64, 8.0 / (32 * 128));  // one zero point for all
  EXPECT_EQ(bits("torchao.int4_plain_int32", {32, false}), 4 + 16.0 / 32 + 8.0 / 32);
  EXPECT_EQ(bits("et_vk.q4gsw", {32, false}), 4 + 32.0 / 32);
  EXPECT_EQ(bits("et_vk.dq8ca_q4gsw", {32, false}), 4 + 32.0 / 32);  // sums of codes are no information
  EXPECT_EQ(bits("et_vk.qcs4w", {0, false}), 4 + 32.0 / 128);
  EXPECT_EQ(bits("aten.int4", {32, false}), 4 + 64.0 / 32);
}

TEST(Activation, RowsAreQuantisedAsTheOperatorsSay) {
  const Matrix<double> x = random_activation(7, 40);
  const Matrix<float> narrow = x.cast<float>();
  Tensor rows(DType::f32, {7, 40});
  for (std::int64_t i = 0; i < rows.size(); ++i) rows.set(i, narrow.data()[i]);
  const RowParameters got = choose_row_parameters(narrow);
  const Answer want = evaluate_step(choose_qparams_affine(),
                                    {{"group", 40},
                                     {"quant_min", -128},
                                     {"quant_max", 127},
                                     {"eps", 3},
                                     {"scale", static_cast<std::int64_t>(DType::f32)},
                                     {"zp", static_cast<std::int64_t>(DType::i8)}},
                                    {rows});
  const Matrix<double> back = as_prescribed(Activation::int8_rows, x);
  for (std::size_t m = 0; m < 7; ++m) {
    EXPECT_EQ(got.scales[m], want[0].value[m]);
    EXPECT_EQ(got.zero_points[m], want[1].value[m]);
    for (Eigen::Index k = 0; k < 40; ++k) {
      const auto row = static_cast<Eigen::Index>(m);
      const QuantisedCode code = quantised_code(narrow(row, k), got.scales[m], got.zero_points[m]);
      EXPECT_EQ(back(row, k), (code.value - got.zero_points[m]) * got.scales[m]);
    }
  }
}

}  // namespace
}  // namespace plumb::accuracy
