// The table of data modes, and what they are planned from.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "reference/error.h"
#include "reference/names.h"
#include "runners/data.h"

namespace plumb {
namespace {

constexpr std::array<DataMode, 10> kModes = {{
    {"exact", "sums exact in 24 bits: every correct kernel gives the oracle's bits", 24, 0, 0, 0, 0},
    {"bounded", "activations of mean 1/4, scales within one octave; judged against the proved bound", 0, -1.75, 4, -4,
     -4},
    {"spread", "activations of mean 1/2, scales over eleven octaves, distinct per row and group", 0, -1.5, 4, -12, -2},
    {"edges", "weights that quantisers stumble over: ties, zeros, outliers, equal values, subnormals, the largest", 0,
     0, 0, 0, 0, true},
    {"exact11", "as exact, for implementations that accumulate in f16", 11, 0, 0, 0, 0},
    {"exact8", "as exact, for implementations that accumulate in bf16", 8, 0, 0, 0, 0},
    {"one_hot", "one activation in each row, so that every output is one product", 0, -1.5, 4, -12, -2, false,
     Adversary::one_hot},
    {"extremes", "activations of one sign, codes at their ends: sums beyond f16's range", 0, 96, 32, 0, 0, false,
     Adversary::extremes},
    {"tiny_scales", "scales that are zero, subnormal, the smallest normal number, or as usual", 0, -1.5, 4, -4, -4,
     false, Adversary::tiny_scales},
    {"not_finite", "a NaN or an infinity in one row, which no other row may feel", 0, -1.75, 4, -4, -4, false,
     Adversary::not_finite},
}};

std::string leading_size(const Port& port) { return port.shape.substr(0, port.shape.find(',')); }

// Whether what is wrong with a row of activations can be told from its other rows: it has an output row of its own.
bool keeps_rows_apart(const Op& op) {
  return std::ranges::any_of(op.inputs, [&](const Port& port) {
    return port.fill == Fill::activation && leading_size(port) == leading_size(op.outputs[0]);
  });
}

// Quanta that the products of exact sums may reach: an eighth of the range is for the bias.
std::int64_t for_products(int bits) { return (std::int64_t{1} << bits) / 8 * 7; }

}  // namespace

std::span<const DataMode> all_data_modes() { return kModes; }

const DataMode& data_mode_named(std::string_view name) {
  std::vector<std::string> known;
  for (const DataMode& mode : kModes) {
    if (mode.name == name) return mode;
    known.emplace_back(mode.name);
  }
  throw Error(fmt::format("data mode '{}' is unknown; nearest: {}", name, nearest_names(name, known)));
}

bool applies(const DataMode& mode, const Op& op) {
  if (mode.name == "exact") return true;
  if (mode.edges) return op.has(Fill::weight);
  const bool sums = op.arithmetic == Arithmetic::accumulated;
  switch (mode.adversary) {
    case Adversary::none:
      break;
    case Adversary::one_hot:
    case Adversary::extremes:
      return sums && op.has(Fill::activation);
    case Adversary::tiny_scales:
      return op.arithmetic != Arithmetic::prescribed && op.has(Fill::scale);
    case Adversary::not_finite:
      return sums && op.products.empty() && keeps_rows_apart(op) && !op.has(Fill::activation_scale);
  }
  if (!mode.exact()) return op.arithmetic != Arithmetic::prescribed;
  return sums && for_products(mode.exact_bits) >= op.max_code_magnitude;
}

int exact_bits_of(const Contract& contract) {
  return std::min(info(contract.accumulator).precision_bits, info(contract.activation).precision_bits);
}

// On data that are exact only in wider types than the implementation's, bits may differ.
bool can_be_judged(const DataMode& mode, const Op& op, const Contract& contract) {
  if (op.arithmetic == Arithmetic::prescribed) return true;
  if (mode.adversary == Adversary::extremes) return info(contract.accumulator).max_finite > 1e30;
  return !mode.exact() || exact_bits_of(contract) >= mode.exact_bits;
}

ExactBudget plan_exact(std::int64_t length, int max_code_magnitude, int bits) {
  const std::int64_t products = for_products(bits), bias = (std::int64_t{1} << bits) - products;
  constexpr std::array<std::pair<std::int64_t, int>, 4> kChoices = {{{7, 3}, {3, 2}, {1, 1}, {1, 0}}};
  for (const auto& [activation, exponents] : kChoices) {
    const std::int64_t per_product = activation * max_code_magnitude << exponents;
    const std::int64_t active = products / per_product;
    if (active >= length) return {activation, exponents, 1, bias};
    if (activation == 1 && active > 0) return {activation, exponents, (length + active - 1) / active, bias};
  }
  // A single product, which fills them, and a bias of its unit.
  PLUMB_CHECK(max_code_magnitude < std::int64_t{1} << bits);
  return {1, 0, length, 1};
}

}  // namespace plumb
