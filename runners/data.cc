#include "runners/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "reference/error.h"
#include "reference/kernel/code_sums.h"
#include "reference/names.h"
#include "runners/packed_data.h"
#include "runners/philox.h"
#include "runners/result_scale.h"

namespace plumb {
namespace {

// Quanta of exact data are multiples of 2^-3, so that a kernel that truncates to integers is seen.
constexpr int kExactScaleExponent = -3;
// How seldom a bounded activation is a tie: few enough in a row for every combination of outcomes to be told apart.
constexpr std::uint64_t kTieEvery = 256;
// Scales of exact activations are 2^e, e in [0, this].
constexpr int kExactActivationExponents = 2;

// Elements of a weight that share a kind of value: shorter than any group that is quantised together.
constexpr std::uint64_t kWeightChunk = 8;

// What the value of one element is made from.
struct Source {
  const Op& op;
  const Signature& signature;
  const DataMode& mode;
  std::uint64_t seed;
  Random random;
  ExactBudget budget;
  double result_scale;  ///< About a 48th of results that are quantised to int8; 0 where nobody needs to know.

  [[nodiscard]] double activation(const Port& port, std::uint64_t index) const {
    if (mode.adversary != Adversary::none) return adversarial_activation(port, index);
    if (op.arithmetic == Arithmetic::prescribed) return plain(index);  // no budget to keep
    if (!mode.exact()) return bounded_activation(index);
    const auto columns = static_cast<std::uint64_t>(signature["K"]), stride = static_cast<std::uint64_t>(budget.stride);
    if (quantised_together(signature) > 0) return code_of_activation(index / columns, index % columns, stride);
    if (index % columns % stride != (index / columns + seed) % stride) return 0;
    const auto magnitude = static_cast<double>(random.integer(index, 1, budget.activation));
    return (random.integer(index, 0, 1, 1) != 0 ? magnitude : -magnitude) * scale_of_row(index / columns);
  }

  [[nodiscard]] double adversarial_activation(const Port& port, std::uint64_t index) const {
    const Shape shape = shape_of(port, signature);
    const auto columns = static_cast<std::uint64_t>(shape.back());
    const std::uint64_t row = index / columns, column = index % columns;
    const double plain = bounded_activation(index);
    if (mode.adversary == Adversary::one_hot) {
      // Rows of one case are hot at places far from each other.
      const bool hot = column == (row * 37 + seed) % columns;
      return hot ? plain + std::copysign(1, plain) : 0;
    }
    if (mode.adversary == Adversary::extremes) return seed % 2 == 0 ? plain : -plain;
    const std::uint64_t rows = static_cast<std::uint64_t>(element_count(shape)) / columns;
    const bool spoilt =
        mode.adversary == Adversary::not_finite && row == seed % rows && column == seed / rows % columns;
    if (!spoilt) return plain;
    constexpr double kSpoilt[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                  -std::numeric_limits<double>::infinity()};
    // Of a single row an infinity leaves nothing that could be judged.
    return kSpoilt[rows == 1 ? 0 : seed % 3];
  }

  // Some lie on a half of the scale they are quantised with: a tie, as near as their type comes to it.
  [[nodiscard]] double bounded_activation(std::uint64_t index) const {
    const double value = random.uniform(index, mode.activation_low, mode.activation_width);
    if (!has_activation_scale() || index % kTieEvery != kTieEvery / 2) return value;
    const double scale = round_to(DType::f32, scale_of_row(index / static_cast<std::uint64_t>(signature["K"])));
    return (std::floor(value / scale) + 0.5) * scale;
  }

  // Scales of activations that most of the int8 range is used with, or powers of two.
  [[nodiscard]] double activation_scale(std::uint64_t index) const {
    if (mode.exact()) return std::ldexp(1.0, static_cast<int>(random.integer(index, 0, kExactActivationExponents)));
    const int spread = (mode.scale_exponent_high - mode.scale_exponent_low) / 3;
    return std::ldexp(random.uniform(index, 1, 1, 1), static_cast<int>(random.integer(index, -6 - spread, -6)));
  }

  // The scale that activations of a row are quantised with, of which exact ones are whole multiples; 1 if there is
  // none.
  [[nodiscard]] double scale_of_row(std::uint64_t row) const {
    for (const Port& port : op.inputs) {
      if (port.fill != Fill::activation_scale) continue;
      const bool is_one = element_count(shape_of(port, signature)) == 1;
      return Source{op, signature, mode, seed, Random(seed, port.name), budget, 0}.activation_scale(is_one ? 0 : row);
    }
    return 1;
  }

  [[nodiscard]] bool has_activation_scale() const { return op.has(Fill::activation_scale); }

  // Quantising such a group to int8 changes nothing: its largest magnitude is 127, which makes the scale 1.
  [[nodiscard]] double code_of_activation(std::uint64_t row, std::uint64_t column, std::uint64_t stride) const {
    const auto together = static_cast<std::uint64_t>(quantised_together(signature));
    const std::uint64_t group = column / together, index = row * static_cast<std::uint64_t>(signature["K"]) + column;
    if (group % stride != (row + seed) % stride) return 0;
    const double magnitude = column % together == (row + group) % together ? 127 : 1;
    return random.integer(index, 0, 1, 1) != 0 ? magnitude : -magnitude;
  }

  // Zero, subnormal and smallest normal numbers of the port's own type, a row of each kind between plain ones.
  [[nodiscard]] double tiny_scale(std::uint64_t index, const DTypeInfo& type) const {
    const double smallest = std::ldexp(1.0, type.min_exponent);
    switch (random.integer(index, 0, 5, 2)) {
      case 0:
        return 0;
      case 1:
        return smallest * static_cast<double>(random.integer(index, 1, 7, 3)) / 8;
      case 2:
        return smallest;
      default:
        return std::ldexp(random.uniform(index, 1, 1, 1), mode.scale_exponent_low);
    }
  }

  [[nodiscard]] double scale(std::uint64_t index, const DTypeInfo& type) const {
    if (op.arithmetic == Arithmetic::prescribed) {
      // Among edges are weights that are ties of such a scale.
      if (mode.edges && random.integer(index, 0, 2, 2) != 0)
        return std::ldexp(1.0, static_cast<int>(random.integer(index, -1, 1)));
      // Of rows that share the result's scale none should drown the others.
      if (op.has(Fill::result_scale))
        return std::ldexp(random.uniform(index, 1, 1, 1), static_cast<int>(random.integer(index, -3, -1)));
      const auto e = static_cast<int>(random.integer(index, -8, 3));
      return std::ldexp(random.uniform(index, 1, 1, 1), e);
    }
    if (mode.exact()) {
      const auto e = static_cast<int>(random.integer(index, 0, budget.scale_exponents));
      return std::ldexp(1.0, e + kExactScaleExponent);
    }
    if (mode.adversary == Adversary::tiny_scales) return tiny_scale(index, type);
    const auto e = static_cast<int>(random.integer(index, mode.scale_exponent_low, mode.scale_exponent_high));
    return std::ldexp(random.uniform(index, 1, 1, 1), e);
  }

  // Exact data keep their budget: signs.
  [[nodiscard]] double factor(std::uint64_t index) const {
    if (mode.exact()) return random.integer(index, 0, 1) != 0 ? 1 : -1;
    return random.uniform(index, 0.5, 1);
  }

  [[nodiscard]] double bias(std::uint64_t index) const {
    if (result_scale > 0) return random.uniform(index, -64 * result_scale, 128 * result_scale);
    if (!mode.exact()) return random.uniform(index, -1, 4);
    std::int64_t magnitude = random.integer(index, 1, budget.bias);
    // A whole multiple of every row's quantum, so that rows of large ones need no more bits.
    if (has_activation_scale())
      magnitude = std::max<std::int64_t>(magnitude >> kExactActivationExponents, 1) << kExactActivationExponents;
    const double sign = random.integer(index, 0, 1, 1) != 0 ? 1 : -1;
    return sign * std::ldexp(static_cast<double>(magnitude), kExactScaleExponent);
  }

  // Every byte value occurs once before any repeats.
  [[nodiscard]] double byte(std::uint64_t index, const DTypeInfo& type) const {
    const std::uint32_t value = index < 256 ? static_cast<std::uint32_t>(index + seed) : random.bits(index);
    return type.min_finite + (value & 255U);
  }

  // Weights to be quantised: plain numbers, or chunks of what quantisers stumble over.
  [[nodiscard]] double weight(std::uint64_t index, const DTypeInfo& type) const {
    return mode.edges ? edge_weight(index, index / kWeightChunk, plain(index), type) : plain(index);
  }

  // Numbers that spread over some octaves, chunk by chunk.
  [[nodiscard]] double plain(std::uint64_t index) const {
    const std::uint64_t chunk = index / kWeightChunk;
    return std::ldexp(random.uniform(index, -1, 2), static_cast<int>(random.integer(chunk, -6, 3, 1)));
  }

  [[nodiscard]] double edge_weight(std::uint64_t index, std::uint64_t chunk, double plain,
                                   const DTypeInfo& type) const {
    const double sign = random.integer(index, 0, 1, 2) != 0 ? 1 : -1;
    const auto step = static_cast<double>(random.integer(index, 0, 15, 3));
    switch ((chunk + seed) % 12) {
      case 0:
        return sign * 0.0;
      case 1:  // halves of an integer scale: ties
        return step - 7.5;
      case 2:  // ties of other scales, and the largest that makes the scale
        return index % kWeightChunk == 0 ? 7 : 0.5 * (step - 8);
      case 3:
        return 0.625;
      case 4:
        return -0.625;
      case 5:  // one outlier
        return index % kWeightChunk == 3 ? sign * type.max_finite / 4 : plain;
      case 6:
        return sign * std::ldexp(step + 1, type.min_exponent - type.precision_bits + 1);  // subnormal
      case 7:
        return std::abs(plain);
      case 8:
        return -std::abs(plain);
      case 9:  // near the smallest scale that eps lets through
        return sign * std::ldexp(1 + step / 16, -20);
      case 10:
        return sign * type.max_finite;
      default:
        return plain;
    }
  }

  // Numbers to be converted to some narrow type: all over their own range, and near what such a type can hold.
  [[nodiscard]] double number(std::uint64_t index, const DTypeInfo& type) const {
    if (type.is_float) return (random.integer(index, 0, 1, 3) != 0 ? 1 : -1) * positive_number(index, type);
    if (type.size_bytes == 1) return byte(index, type);
    if (index % 2 == 0) return static_cast<double>(random.integer(index, -300, 300));
    return static_cast<double>(
        random.integer(index, static_cast<std::int64_t>(type.min_finite), static_cast<std::int64_t>(type.max_finite)));
  }

  [[nodiscard]] double positive_number(std::uint64_t index, const DTypeInfo& type) const {
    const auto steps = static_cast<double>(random.integer(index, 0, 280, 1));
    const double tie = std::ldexp(std::fmod(steps, 64), static_cast<int>(random.integer(index, -24, 14, 2)));
    const int lowest = type.min_exponent - type.precision_bits, highest = std::ilogb(type.max_finite);
    const double special[] = {0,
                              std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN(),
                              type.max_finite,
                              0x1p-127,
                              0x1.8p-127};
    switch (random.integer(index, 0, 7)) {
      case 0:  // quarters, around the ranges of integers of a few bits
        return steps / 4;
      case 1:
        return steps / 256;
      case 2:  // ties of significands of up to six bits
        return tie;
      case 3:  // just beyond them
        return tie * (1 + std::ldexp(1, 1 - type.precision_bits));
      case 4:  // farther, but a tie to those who round to f16 first
        return tie * (1 + 0x1p-14);
      case 5:  // any exponent
        return std::ldexp(1 + steps / 281, static_cast<int>(random.integer(index, lowest, highest, 2)));
      case 6:
        return special[random.integer(index, 0, std::ssize(special) - 1, 1)];
      default:
        return random.uniform(index, 0, 1, 1);
    }
  }

  // The last and the first row are always asked for.
  [[nodiscard]] double index(std::uint64_t index, std::int64_t range) const {
    if (index < 2) return index == 0 ? static_cast<double>(range - 1) : 0;
    return static_cast<double>(random.integer(index, 0, range - 1));
  }
};

Tensor make_codes(const Port& port, const Source& source) {
  Tensor tensor(DType::u8, shape_of(port, source.signature));
  const bool extreme = source.mode.adversary == Adversary::extremes;
  fill_codes(tensor, layout_of(port, source.signature), extent_of(source.signature), source.random,
             extreme ? std::optional(source.seed) : std::nullopt);
  return tensor;
}

Tensor make_code_sums(const Source& source) {
  const Port& weights = source.op.inputs[source.op.input_index("weights")];
  return code_sums(source.op, source.signature,
                   make_input(source.op, source.signature, weights, source.mode, source.seed));
}

double make_value(const Port& port, const Source& source, const DTypeInfo& type, std::uint64_t index) {
  switch (port.fill) {
    case Fill::index:
      return source.index(index, evaluate_formula(port.high, source.signature.values) + 1);
    case Fill::weight:
      return source.weight(index, type);
    case Fill::activation:
      return source.activation(port, index);
    case Fill::activation_scale:
      return source.activation_scale(index);
    case Fill::scale:
      return source.scale(index, type);
    case Fill::result_scale:
      return source.random.uniform(index, source.result_scale / 2, 1.5 * source.result_scale);
    case Fill::factor:
      return source.factor(index);
    case Fill::number:
      return source.number(index, type);
    case Fill::bias:
      return source.bias(index);
    case Fill::bytes:
    case Fill::integers:
    case Fill::codes:
    case Fill::code_sums:
      break;
  }
  PLUMB_CHECK(false);
}

// The legal values of a port of integers.
std::pair<std::int64_t, std::int64_t> limits_of(const Port& port, const Signature& signature, const DTypeInfo& type) {
  const auto limit = [&](const std::string& formula, double otherwise) {
    return formula.empty() ? static_cast<std::int64_t>(otherwise) : evaluate_formula(formula, signature.values);
  };
  return {limit(port.low, type.min_finite), limit(port.high, type.max_finite)};
}

ExactBudget budget_of(const Op& op, const Signature& signature, const DataMode& mode) {
  if (!mode.exact() || op.arithmetic != Arithmetic::accumulated) return {1, 3, 1, 1};
  const int bits = std::min(mode.exact_bits, info(dtype_of(op.outputs[0], op, signature)).precision_bits);
  const std::int64_t length = evaluate_formula(op.products.empty() ? op.length : op.products, signature.values);
  ExactBudget budget = plan_exact(length, op.max_code_magnitude, bits);
  if (const std::int64_t together = quantised_together(signature); together > 0) {
    const std::int64_t per_group = (127 + together - 1) * op.max_code_magnitude * 2;
    const std::int64_t active = std::max<std::int64_t>(((std::int64_t{1} << bits) - budget.bias) / per_group, 1);
    budget = {1, 1, (length / together + active - 1) / active, budget.bias};
  }
  return budget;
}

double result_scale_of(const Op& op, const Signature& signature, const DataMode& mode, std::uint64_t seed) {
  constexpr double kUsual = 48;  // codes, so that few results saturate
  if (!op.has(Fill::result_scale)) return 0;
  std::vector<Tensor> scales(op.inputs.size());
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const Port& port = op.inputs[i];
    if (port.fill == Fill::scale) scales[i] = make_input(op, signature, port, mode, seed);
  }
  return typical_result(op, signature, scales) / kUsual;
}

}  // namespace

std::int64_t quantised_together(const Signature& signature) {
  const auto found = signature.values.find("dynamic");
  return found == signature.values.end() ? 0 : found->second;
}

Tensor make_input(const Op& op, const Signature& signature, const Port& port, const DataMode& mode,
                  std::uint64_t seed) {
  if (!is_present(port, signature)) return {};
  const bool in_codes = port.fill == Fill::result_scale || port.fill == Fill::bias;
  const double result_scale = in_codes ? result_scale_of(op, signature, mode, seed) : 0;
  const Source source{op, signature, mode, seed, Random(seed, port.name), budget_of(op, signature, mode), result_scale};
  if (port.fill == Fill::codes) return make_codes(port, source);
  if (port.fill == Fill::code_sums) return make_code_sums(source);
  Tensor tensor(dtype_of(port, op, signature), shape_of(port, signature));
  if (port.fill == Fill::bytes) {
    fill_bytes(tensor, source.random, seed);
    return tensor;
  }
  const DTypeInfo& type = info(tensor.dtype());
  if (port.fill == Fill::integers) {
    const auto [low, high] = limits_of(port, signature, type);
    fill_integers(tensor, low, high, source.random, seed);
    return tensor;
  }
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set(i, make_value(port, source, type, static_cast<std::uint64_t>(i)));
  }
  return tensor;
}

}  // namespace plumb
