// torchao's and torch's operators that quantise, dequantise and choose scales, block by block.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/error.h"
#include "reference/graph/operators.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb::graph {
namespace {

DType float_type(Element element) {
  const auto dtype = info(element).dtype;
  return dtype && info(element).is_float ? *dtype : DType::f32;
}

// A tensor cut into blocks; the scale of an element is that of its block, blocks in row-major order.
class Blocks {
 public:
  Blocks(Shape shape, std::vector<std::int64_t> block) : shape_(std::move(shape)), block_(std::move(block)) {
    if (block_.size() != shape_.size()) {
      throw Error(
          fmt::format("block_size {} for a tensor of shape {}", plumb::to_string(block_), plumb::to_string(shape_)));
    }
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      if (block_[i] == -1) block_[i] = shape_[i];
      if (block_[i] < 1 || shape_[i] % block_[i] != 0) {
        throw Error(fmt::format("blocks of {} do not fill a tensor of shape {}", plumb::to_string(block_),
                                plumb::to_string(shape_)));
      }
    }
  }
  /// One block along every axis but one, of which each index is a block.
  static Blocks of_channels(const Shape& shape, std::size_t axis) {
    std::vector<std::int64_t> block = shape;
    block[axis] = 1;
    return {shape, block};
  }

  [[nodiscard]] std::size_t count() const {
    std::size_t blocks = 1;
    for (std::size_t i = 0; i < shape_.size(); ++i) blocks *= static_cast<std::size_t>(shape_[i] / block_[i]);
    return blocks;
  }
  [[nodiscard]] std::size_t block(std::size_t flat) const {
    std::size_t index = 0, stride = 1;
    for (std::size_t i = shape_.size(); i-- > 0;) {
      const auto dim = static_cast<std::size_t>(shape_[i]), size = static_cast<std::size_t>(block_[i]);
      index += flat % dim / size * stride;
      stride *= dim / size;
      flat /= dim;
    }
    return index;
  }
  /// Shape of the scales: an axis that one block spans, of more than one element, is dropped.
  [[nodiscard]] Shape grid() const {
    Shape grid;
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      if (block_[i] != shape_[i] || block_[i] == 1) grid.push_back(shape_[i] / block_[i]);
    }
    return grid;
  }

 private:
  Shape shape_;
  std::vector<std::int64_t> block_;
};

// A parameter of each block; a single value serves all.
class PerBlock {
 public:
  PerBlock(const Call& call, std::string_view name, const Blocks& blocks) {
    if (!call.has(name)) return;
    values_ = call.tensor(name);
    if (values_.size() != blocks.count() && values_.size() != 1) {
      throw Error(fmt::format("argument '{}' has {} values for {} blocks", name, values_.size(), blocks.count()));
    }
  }
  [[nodiscard]] double operator[](std::size_t block) const {
    return values_.value.empty() ? 0 : values_.value[values_.size() == 1 ? 0 : block];
  }
  [[nodiscard]] double error(std::size_t block) const {
    return values_.value.empty() ? 0 : values_.error_at(values_.size() == 1 ? 0 : block);
  }
  [[nodiscard]] bool given() const { return !values_.value.empty(); }
  [[nodiscard]] Element element() const { return values_.element; }

 private:
  Values values_;
};

// Upstream refuses codes of another type than it is told, and ends of their range that the type does not have
// (torchao's _get_and_check_qmin_qmax, quantized_decomposed's _quant_min_max_bounds_check). Codes are not clamped to
// the range.
void check_codes(const Call& call) {
  const ElementInfo& type = info(call.tensor("input").element);
  for (const char* name : {"input_dtype", "dtype"}) {
    const auto* told = std::get_if<Element>(&call.argument(name).value);
    if (told != nullptr && *told != type.element)
      throw Error(fmt::format("argument '{}' is {}, the codes are {}", name, to_string(*told), type.name));
  }
  if (type.is_float) return;
  const double low = type.is_signed ? -std::ldexp(1, type.bits - 1) : 0;
  const double high = std::ldexp(1, type.bits - (type.is_signed ? 1 : 0)) - 1;
  if (call.number("quant_min", low) < low || call.number("quant_max", high) > high)
    throw Error(fmt::format("the range {} ... {} is not one of {}", call.number("quant_min", low),
                            call.number("quant_max", high), type.name));
}

// y = (code - zero_point) * scale, each step rounded to the wider of result and scale type.
std::vector<Values> dequantize(const Call& call, const Blocks& blocks) {
  check_codes(call);
  const Values codes = call.tensor("input");
  const PerBlock scale(call, "scale", blocks), zero(call, "zero_point", blocks);
  Values result = values_of(call.element(), codes.shape);
  const DType out = float_type(result.element);
  const DType type = info(scale.element()).is_float && scale.element() != Element::f64
                         ? promoted(out, float_type(scale.element()))
                         : out;
  const TorchArithmetic arithmetic(type);
  result.error.resize(codes.size());
  bool open = false;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t block = blocks.block(i);
    const double offset = zero.given() ? zero[block] : 0;
    if (call.precision() == Precision::exact) {
      result.value[i] = (codes.value[i] - offset) * scale[block];
    } else {
      const double difference = arithmetic.sub(codes.value[i], arithmetic.rounded(offset));
      result.value[i] = arithmetic.mul(difference, arithmetic.rounded(scale[block]));
    }
    const double width = codes.error_at(i) + zero.error(block);
    result.error[i] =
        width * (scale[block] + scale.error(block)) + std::abs(codes.value[i] - offset) * scale.error(block);
    open = open || result.error[i] != 0;
  }
  if (!open) result.error.clear();
  return {call.finished(std::move(result))};
}

// code = clamp(rne(x * (1/scale)) + zero_point): a multiplication by the rounded reciprocal. An x that is only known to
// an error may have any code between those of its ends.
std::vector<Values> quantize(const Call& call, const Blocks& blocks) {
  const Values x = call.tensor("input");
  const PerBlock scale(call, "scale", blocks), zero(call, "zero_point", blocks);
  const double low = call.number("quant_min"), high = call.number("quant_max");
  const TorchArithmetic arithmetic(float_type(x.element));
  const bool exact = call.precision() == Precision::exact;
  Values result = values_of(call.element(), x.shape);
  result.error.resize(x.size());
  bool open = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t block = blocks.block(i);
    const auto code = [&](double value, double step) {
      const double quotient = exact ? value / step : arithmetic.mul(value, arithmetic.rounded(1 / step));
      return clamped(rne(quotient) + zero[block], low, high);
    };
    result.value[i] = code(x.value[i], scale[block]);
    const double e = x.error_at(i), s = scale.error(block);
    for (const double value : {x.value[i] - e, x.value[i] + e}) {
      for (const double step : {scale[block] - s, scale[block] + s}) {
        if (e + s > 0)
          result.error[i] =
              std::max(result.error[i], std::abs(code(value, step) - result.value[i]) + zero.error(block));
      }
    }
    open = open || result.error[i] != 0;
  }
  if (!open) result.error.clear();
  return {call.finished(std::move(result))};
}

struct Range {
  double low = 0, high = 0, error = 0;
};

std::vector<Range> ranges(const Values& x, const Blocks& blocks) {
  std::vector<Range> result(blocks.count());
  for (std::size_t i = 0; i < x.size(); ++i) {
    Range& range = result[blocks.block(i)];
    range.low = std::min(range.low, x.value[i]);
    range.high = std::max(range.high, x.value[i]);
    range.error = std::max(range.error, x.error_at(i));
  }
  return result;
}

// Scale and zero point of each block, as choose_qparams_affine (reference/quant) defines them for these two mappings.
std::vector<Values> choose(const Call& call, const Blocks& blocks, const Shape& grid, bool symmetric, double least) {
  const Values x = call.tensor("input");
  const double low = call.number("quant_min"), high = call.number("quant_max");
  const TorchArithmetic arithmetic(float_type(x.element));
  const bool exact = call.precision() == Precision::exact;
  const auto rounded = [&](double value) { return exact ? value : arithmetic.rounded(value); };
  Values scale = values_of(call.element(0), grid), zero = values_of(call.element(1), grid);
  scale.error.resize(scale.size());
  zero.error.resize(zero.size());
  bool open = false;
  const std::vector<Range> all = ranges(x, blocks);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Range& range = all[i];
    double step = symmetric ? rounded(std::max(-range.low, range.high) / ((high - low) / 2))
                            : rounded(rounded(range.high - range.low) / (high - low));
    step = std::max(step, rounded(least));
    scale.value[i] = step;
    zero.value[i] =
        symmetric ? std::trunc((high + low + 1) / 2) : clamped(low - rne(rounded(range.low / step)), low, high);
    scale.error[i] = 2 * range.error / (high - low);
    zero.error[i] = symmetric || range.error == 0 ? 0 : 1;
    open = open || range.error != 0;
  }
  if (!open) scale.error.clear(), zero.error.clear();
  return {call.finished(std::move(scale)), call.finished(std::move(zero))};
}

std::vector<Values> dequantize_affine(const Call& call) {
  return dequantize(call, {call.tensor("input").shape, call.integers("block_size")});
}
std::vector<Values> quantize_affine(const Call& call) {
  return quantize(call, {call.tensor("input").shape, call.integers("block_size")});
}
std::vector<Values> choose_qparams_affine(const Call& call) {
  const Blocks blocks(call.tensor("input").shape, call.integers("block_size"));
  const auto* mapping = std::get_if<std::string>(&call.argument("mapping_type").value);
  if (mapping == nullptr || (*mapping != "ASYMMETRIC" && *mapping != "SYMMETRIC"))
    throw Error("a mapping_type that is not supported");
  const double least = call.number("eps", min_normal(float_type(call.tensor("input").element)));
  return choose(call, blocks, blocks.grid(), *mapping == "SYMMETRIC", least);
}

Blocks whole(const Shape& shape) { return {shape, shape}; }
std::vector<Values> dequantize_tensor(const Call& call) { return dequantize(call, whole(call.tensor("input").shape)); }
std::vector<Values> quantize_tensor(const Call& call) { return quantize(call, whole(call.tensor("input").shape)); }
std::vector<Values> choose_tensor(const Call& call) {
  return choose(call, whole(call.tensor("input").shape), {1}, false, call.number("eps"));
}
std::vector<Values> dequantize_channel(const Call& call) {
  const Shape shape = call.tensor("input").shape;
  return dequantize(call, Blocks::of_channels(shape, axis_of(call.integer("axis"), shape.size())));
}
std::vector<Values> quantize_channel(const Call& call) {
  const Shape shape = call.tensor("input").shape;
  return quantize(call, Blocks::of_channels(shape, axis_of(call.integer("axis"), shape.size())));
}

}  // namespace

std::vector<Operator> quantising_operators() {
  const std::vector<std::string_view> tensor = {"input", "scale", "zero_point", "quant_min", "quant_max", "dtype"};
  const std::vector<std::string_view> channel = {"input",     "scale",     "zero_point", "axis",
                                                 "quant_min", "quant_max", "dtype"};
  return {
      {"torchao::dequantize_affine",
       {"input", "block_size", "scale", "zero_point", "input_dtype", "quant_min", "quant_max"},
       dequantize_affine},
      {"torchao::quantize_affine",
       {"input", "block_size", "scale", "zero_point", "output_dtype", "quant_min", "quant_max"},
       quantize_affine},
      {"torchao::choose_qparams_affine",
       {"input", "mapping_type", "block_size", "target_dtype", "quant_min", "quant_max", "eps", "scale_dtype",
        "zero_point_dtype"},
       choose_qparams_affine},
      {"quantized_decomposed::dequantize_per_tensor", tensor, dequantize_tensor},
      {"quantized_decomposed::dequantize_per_tensor.tensor", tensor, dequantize_tensor},
      {"quantized_decomposed::quantize_per_tensor", tensor, quantize_tensor},
      {"quantized_decomposed::quantize_per_tensor.tensor", tensor, quantize_tensor},
      {"quantized_decomposed::choose_qparams.tensor",
       {"input", "quant_min", "quant_max", "eps", "dtype"},
       choose_tensor},
      {"quantized_decomposed::dequantize_per_channel", channel, dequantize_channel},
      {"quantized_decomposed::quantize_per_channel", channel, quantize_channel},
  };
}

}  // namespace plumb::graph
