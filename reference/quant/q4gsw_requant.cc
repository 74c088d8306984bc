#include "reference/quant/q4gsw_requant.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

constexpr double kOpen = std::numeric_limits<double>::quiet_NaN();

// To the nearest integer, ties to even; |value| is small.
double nearest_even(double value) {
  const double below = std::floor(value), fraction = value - below;
  if (fraction != 0.5) return fraction < 0.5 ? below : below + 1;
  return std::fmod(below, 2) == 0 ? below : below + 1;
}

// -8 ... 7, or kOpen.
double requantize(double latent, double scale) {
  if (scale == 0) return 0;
  // The quotient of two f32 in double, rounded to f32, is the quotient rounded once: 53 >= 2 * 24 + 2 bits.
  const double quotient = round_to(DType::f32, latent / scale);
  if (std::isnan(quotient)) return kOpen;
  return nearest_even(std::clamp(quotient, -8.0, 7.0));
}

std::vector<double> codes_of(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const std::int64_t group = problem.signature["group"];
  std::vector<double> codes;
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      codes.push_back(
          requantize(problem.inputs[0].at(n * extent.columns + k), problem.inputs[1].at(k / group * extent.rows + n)));
    }
  }
  return codes;
}

Answer evaluate_rows(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const std::vector<double> codes = codes_of(problem);
  std::vector<double> value;
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    for (std::int64_t k = 0; k < extent.columns; k += 2) {
      const auto at = static_cast<std::size_t>(n * extent.columns + k);
      const double high = k + 1 < extent.columns ? codes[at + 1] + 8 : 0;
      value.push_back(codes[at] + 8 + 16 * high);  // open if either is
    }
  }
  return prescribed(std::move(value));
}

// Every word that holds an open code is open.
Answer evaluate_blocks(const Problem& problem) {
  const Layout& layout = layout_named("et_vk.w_4x8_nc");
  const Extent extent = extent_of(problem.signature);
  std::vector<int> codes;
  std::vector<bool> is_open(static_cast<std::size_t>(layout.size_bytes(extent) / 4));
  for (const double code : codes_of(problem)) {
    const auto flat = static_cast<std::int64_t>(codes.size());
    codes.push_back(std::isnan(code) ? 0 : static_cast<int>(code));
    if (!std::isnan(code)) continue;
    const BitPosition at = layout.position(flat / extent.columns, flat % extent.columns, 0, layout.padded(extent));
    is_open[static_cast<std::size_t>(at.byte / 4)] = true;
  }
  std::vector<double> value = elements(DType::i32, pack(layout, extent, codes));
  for (std::size_t i = 0; i < is_open.size(); ++i) {
    if (is_open[i]) value[i] = kOpen;
  }
  return prescribed(std::move(value));
}

std::vector<Port> latent_and_scales() {
  return {{.name = "latent", .meaning = "weight to quantise", .dtype = "f32", .shape = "N, K", .fill = Fill::weight},
          {.name = "scales",
           .meaning = "one for each group of each row",
           .dtype = "f32",
           .shape = "ceil_div(K, group), N",
           .fill = Fill::scale}};
}

Param group_of(std::vector<std::int64_t> values) {
  return {"group", "columns that share a scale; the last group may have fewer", Param::Kind::integer, std::move(values),
          std::nullopt};
}

const Constraint kGroupHasASize = {"group > 0", "a group has a size"};
constexpr const char* kFormula =
    "code[n, k] = clamp(rne(latent[n, k] / scales[k/group, n]), -8, 7) + 8, and 8 where the scale is 0; ";

}  // namespace

Op q4gsw_requant() {
  return {
      .name = "q4gsw_requant",
      .summary = "quantises a weight to signed 4 bits with given group scales, and packs it",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q4gsw_requant",
      .semantics = std::string(kFormula) + "packed[n, j] = code[n, 2j] | code[n, 2j+1] << 4, 0 beyond K",
      .sizes = {{"N", "rows", {1, 2, 3, 5, 8, 17}},
                {"K", "columns", {1, 2, 3, 4, 7, 8, 10, 15, 16, 31, 32, 33, 64, 96, 127, 128, 130, 257, 512}}},
      .params = {group_of({1, 2, 3, 4, 5, 8, 16, 17, 32, 48, 64, 128})},
      .inputs = latent_and_scales(),
      .outputs = {{.name = "packed", .meaning = "two codes a byte", .dtype = "u8", .shape = "N, ceil_div(K, 2)"}},
      .constraints = {kGroupHasASize},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_rows,
  };
}

Op q4gsw_requant_w_4x8() {
  return {
      .name = "q4gsw_requant_w_4x8",
      .summary = "quantises a weight to signed 4 bits with given group scales, in blocks of 4 columns x 8 rows",
      .source = "ExecuTorch cff6f4dd32e6, backends/vulkan/runtime/graph/ops/glsl/q4gsw_requant.glsl",
      .semantics = std::string(kFormula) + "packed as pack_w_4x8 does in order nc",
      .sizes = {{"N", "rows", {1, 2, 3, 4, 7, 8, 9, 12, 17, 33}},
                {"K", "columns", {8, 16, 24, 32, 64, 72, 120, 128, 136, 256, 264}}},
      .params = {group_of({1, 3, 4, 8, 12, 16, 32, 64, 128})},
      .inputs = latent_and_scales(),
      .outputs = {{.name = "packed",
                   .meaning = "16-byte vectors, row blocks innermost",
                   .dtype = "i32",
                   .shape = "K/4, ceil_div(N, 8), 4",
                   .layouts = {"et_vk.w_4x8_nc"}}},
      .constraints = {kGroupHasASize, {"K % 8 == 0", "as for pack_w_4x8"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_blocks,
  };
}

}  // namespace plumb
