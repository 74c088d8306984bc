// The operators that fusions put in: their meaning is that of the descriptions in reference/kernel.
#include <fmt/format.h>

#include <cmath>

#include "reference/bound.h"
#include "reference/error.h"
#include "reference/graph/operators.h"
#include "reference/ops.h"
#include "reference/problem_of.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb::graph {
namespace {

Tensor tensor_of(const Values& values) {
  Tensor tensor(whole_byte_type(values.element), values.shape);
  for (std::size_t i = 0; i < values.size(); ++i) tensor.set(static_cast<std::int64_t>(i), values.value[i]);
  return tensor;
}

// The first `columns` of each row: upstream pads scales, sums and biases.
Values trimmed(const Values& values, std::int64_t columns) {
  if (values.shape.empty() || values.shape.back() <= columns) return values;
  Shape shape = values.shape;
  const std::int64_t width = shape.back();
  shape.back() = columns;
  return gathered(values, shape, [&](std::size_t i) {
    const auto flat = static_cast<std::int64_t>(i);
    return static_cast<std::size_t>(flat / columns * width + flat % columns);
  });
}

Tensor optional_tensor(const Call& call, std::string_view name, std::int64_t columns) {
  return call.has(name) ? tensor_of(trimmed(call.tensor(name), columns)) : Tensor();
}

// An operator of reference/ops.cc. Summing in f32 in another order errs as in operators_matrix.cc.
std::vector<Values> evaluated(const Call& call, std::string_view name, std::vector<Tensor> inputs, const Sizes& params,
                              double chain) {
  const Op& op = op_named(name);
  const Problem problem = problem_of(op, std::move(inputs), params);
  const Expected expected = op.evaluate(problem).at(0);
  Values result = values_of(call.element(), shape_of(op.outputs[0], problem.signature));
  result.value = expected.value;
  if (op.arithmetic != Arithmetic::accumulated) return {call.finished(std::move(result))};
  const double gamma = (chain + 4) * unit_roundoff(DType::f32) * 1.01;
  result.error.resize(result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.error[i] = gamma * expected.magnitude[i] + min_subnormal(DType::f32);
    // A rounding of the activation that could go either way changes the result by a step.
    if (i < expected.steps.size()) {
      for (const double step : expected.steps[i]) result.error[i] += std::abs(step);
    }
  }
  return {call.finished(std::move(result))};
}

// As parameters of operators name element types.
std::int64_t dtype_code(Element element) { return static_cast<std::int64_t>(whole_byte_type(element)); }

std::vector<Values> embedding_q4gsw(const Call& call) {
  const bool linear = call.flag("is_linear_weight", false);
  const Element scale = call.tensor("weight_scales").element, index = call.tensor("indices").element;
  const Shape indices = call.tensor("indices").shape;
  Sizes params{{"group", call.integer("group_size")},
               {"linear", linear ? 1 : 0},
               {"scale", dtype_code(scale)},
               {"index", dtype_code(index)},
               {"lead", static_cast<std::int64_t>(indices.size())},
               {"out", dtype_code(call.element())}};
  return evaluated(
      call, "embedding_q4gsw",
      {tensor_of(call.tensor("weight")), tensor_of(call.tensor("weight_scales")), tensor_of(call.tensor("indices"))},
      params, 0);
}

Sizes linear_params(const Values& x, const Tensor& bias) {
  return {{"lead", static_cast<std::int64_t>(x.shape.size()) - 1},
          {"x", dtype_code(x.element)},
          {"bias", bias.present() ? 1 : 0}};
}

std::int64_t outputs_of(const Values& weights) {
  if (weights.shape.size() != 2) throw Error("packed weights of other rank than 2");
  return weights.shape[0];
}

// Widens by what an activation's own error does: each |w| times it.
std::vector<Values> linear_q4gsw(const Call& call) {
  const Values x = call.tensor("self"), weights = call.tensor("weights");
  const std::int64_t n = outputs_of(weights);
  const Tensor bias = optional_tensor(call, "bias", n);
  const Values scales = trimmed(call.tensor("weight_scales"), n);
  Sizes params = linear_params(x, bias);
  params["group"] = call.integer("group_size");
  params["scale"] = dtype_code(scales.element);
  std::vector<Values> result =
      evaluated(call, "linear_q4gsw", {tensor_of(x), tensor_of(weights), tensor_of(scales), bias}, params,
                static_cast<double>(x.shape.back()));
  if (x.error.empty()) return result;
  const std::size_t k = static_cast<std::size_t>(x.shape.back());
  double largest = 0;  // of |w|: codes reach 8
  for (const double scale : scales.value) largest = std::max(largest, 8 * std::abs(scale));
  for (std::size_t i = 0; i < result[0].size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(n);
    for (std::size_t j = 0; j < k; ++j) result[0].error[i] += largest * x.error_at(row * k + j);
  }
  return result;
}

std::vector<Values> linear_dq8ca(const Call& call) {
  const Values x = call.tensor("input"), weights = call.tensor("weights");
  const std::int64_t n = outputs_of(weights);
  const Tensor bias = optional_tensor(call, "bias", n);
  Sizes params = linear_params(x, bias);
  params["group"] = call.integer("group_size");
  Values zero = call.tensor("input_zp");
  zero.element = Element::i8;
  return evaluated(call, "linear_dq8ca_q4gsw",
                   {tensor_of(x), tensor_of(call.tensor("input_scales")), tensor_of(zero), tensor_of(weights),
                    tensor_of(call.tensor("weight_sums")), tensor_of(trimmed(call.tensor("weight_scales"), n)), bias},
                   params, static_cast<double>(x.shape.back()));
}

// An activation as codes: as they are or, if `floating`, of x, which is quantised to them.
Values codes_of(const Call& call, const Values& x, bool floating) {
  if (!floating) return x;
  const double reciprocal = round_to(DType::f32, 1 / call.number("input_scale")),
               zero = call.number("input_zero_point");
  const auto code = [&](double value) {
    return clamped(rne(round_to(DType::f32, value * reciprocal)) + zero, -128, 127);
  };
  Values codes = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    codes.value[i] = code(x.value[i]);
    if (x.error_at(i) == 0) continue;
    const double low = code(x.value[i] - x.error[i]), high = code(x.value[i] + x.error[i]);
    codes.error[i] = std::max(std::abs(low - codes.value[i]), std::abs(high - codes.value[i]));
  }
  return codes;
}

// y = input_scale * weight_scales[n] * (sum_k x[k] * w[n, k] - input_zero_point * weight_sums[n]) + bias[n], of codes
// x, as a double. What kernels may differ by is derived in reference/kernel/q8ta_codes.cc.
std::vector<Values> linear_q8(const Call& call, bool floating) {
  const Values x = codes_of(call, call.tensor("x"), floating), weights = call.tensor("weights");
  const std::int64_t n = outputs_of(weights);
  const Values scales = trimmed(call.tensor("weight_scales"), n), sums = trimmed(call.tensor("weight_sums"), n);
  const double scale = call.number("input_scale"), zero = call.number("input_zero_point");
  const Values bias = call.has("bias") ? trimmed(call.tensor("bias"), n) : values_of(Element::f32, {n});
  const auto k = static_cast<std::size_t>(weights.shape[1]), columns = static_cast<std::size_t>(n);
  if (x.shape.empty() || static_cast<std::size_t>(x.shape.back()) != k || scales.size() != columns ||
      sums.size() != columns || bias.size() != columns) {
    throw Error("shapes of activation, weights, sums, scales and bias do not fit");
  }
  Shape shape = x.shape;
  shape.back() = n;
  Values y = values_of(Element::f32, shape);
  y.error.resize(y.size());
  const double relative = gamma(static_cast<std::int64_t>(k) + 6, unit_roundoff(DType::f32));
  const double lost = 256 * static_cast<double>(k + 6) * min_normal(DType::f32);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t row = i / columns, column = i % columns;
    double sum = 0, magnitude = 0, wide = 0;
    for (std::size_t j = 0; j < k; ++j) {
      const double code = x.value[row * k + j], weight = weights.value[column * k + j];
      sum += code * weight;
      magnitude += std::abs((code - zero) * weight);
      wide += x.error_at(row * k + j) * std::abs(weight);
    }
    const double factor = scale * scales.value[column];
    y.value[i] = factor * (sum - zero * sums.value[column]) + bias.value[column];
    y.error[i] = std::abs(factor) * wide + lost +
                 relative * (std::abs(factor) * (magnitude + wide) + std::abs(bias.value[column]));
  }
  return {y};
}

std::vector<Values> linear_q8ta_q8csw(const Call& call) { return linear_q8(call, true); }

std::vector<Values> q8ta_linear(const Call& call) {
  const Values y = linear_q8(call, false)[0];
  const auto* activation = std::get_if<std::string>(&call.argument("activation").value);
  const bool relu = activation != nullptr && *activation == "relu";
  if (activation != nullptr && !relu && *activation != "none")
    throw Error(fmt::format("activation '{}' is not supported", *activation));
  const double scale = call.number("output_scale"), zero = call.number("output_zero_point");
  Values result = values_of(call.element(), y.shape);
  result.error.resize(y.size());
  const double reciprocal = round_to(DType::f32, 1 / scale);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto code = [&](double value) {
      return clamped(rne(round_to(DType::f32, (relu ? std::max(value, 0.0) : value) * reciprocal)) + zero, -128, 127);
    };
    result.value[i] = code(y.value[i]);
    result.error[i] =
        std::max(code(y.value[i] + y.error[i]) - result.value[i], result.value[i] - code(y.value[i] - y.error[i]));
  }
  return {result};
}

// quantized_decomposed.embedding_4bit and embedding_byte: (code - zero point) * scale, in the scales' type.
template <bool packed>
std::vector<Values> decomposed_embedding(const Call& call) {
  const Values weight = call.tensor("weight"), scales = call.tensor("scales"), indices = call.tensor("indices");
  if (weight.shape.size() != 2 || scales.shape.empty() || scales.shape.size() > 2) throw Error("a table has two axes");
  if (packed && weight.element != Element::u8) throw Error("a packed table is of u8");
  const auto rows = static_cast<std::size_t>(weight.shape[0]);
  const std::size_t columns = static_cast<std::size_t>(weight.shape[1]) * (packed ? 2 : 1);
  const std::size_t groups = rows == 0 ? 0 : scales.size() / rows;
  if (groups == 0 || columns % groups != 0 || scales.size() != rows * groups)
    throw Error("scales do not fit the table");
  const Values zeros = call.has("zero_points") ? call.tensor("zero_points") : values_of(Element::f32, scales.shape);
  if (zeros.size() != scales.size()) throw Error("zero points do not fit the scales");
  Shape shape = indices.shape;
  shape.push_back(static_cast<std::int64_t>(columns));
  Values result = values_of(call.element(), shape);
  const TorchArithmetic arithmetic(whole_byte_type(scales.element));
  if (!info(scales.element).is_float) throw Error(fmt::format("scales of {}", to_string(scales.element)));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double index = indices.value[i / columns];
    if (!(index >= 0 && index < static_cast<double>(rows))) throw Error(fmt::format("index {} of {}", index, rows));
    const std::size_t row = static_cast<std::size_t>(index), k = i % columns,
                      block = row * groups + k / (columns / groups);
    double code = weight.value[row * (columns / (packed ? 2 : 1)) + k / (packed ? 2 : 1)];
    if (packed) code = static_cast<double>((static_cast<unsigned>(code) >> (k % 2 == 0 ? 4 : 0)) & 15U) - 8;
    result.value[i] = call.precision() == Precision::exact
                          ? (code - zeros.value[block]) * scales.value[block]
                          : arithmetic.mul(arithmetic.sub(code, zeros.value[block]), scales.value[block]);
  }
  return {call.finished(std::move(result))};
}

std::vector<Values> linear_int4_plain_int32(const Call& call) {
  const Values x = call.tensor("input"), qdata = call.tensor("qdata");
  const std::int64_t n = outputs_of(qdata);
  const Tensor bias = optional_tensor(call, "bias", n);
  Sizes params = linear_params(x, bias);
  params["group"] = call.integer("group_size");
  params["act_pre_scale"] = call.has("act_pre_scale") ? 1 : 0;
  const Tensor factor = call.has("act_pre_scale") ? tensor_of(call.tensor("act_pre_scale")) : Tensor();
  return evaluated(call, "linear_int4_plain_int32",
                   {tensor_of(x), tensor_of(qdata), tensor_of(call.tensor("scale")),
                    tensor_of(call.tensor("zero_point")), bias, factor},
                   params, static_cast<double>(x.shape.back()));
}

// The weight itself: (code - zero_point) * scale, rounded to the type that the graph says.
std::vector<Values> int4_plain_int32_weight(const Call& call) {
  const Values qdata = call.tensor("qdata"), scale = call.tensor("scale"), zero = call.tensor("zero_point");
  const std::int64_t n = outputs_of(qdata), group = call.integer("group_size");
  const std::int64_t k = qdata.shape[1] * 8;
  if (group < 1 || k % group != 0 || scale.size() != static_cast<std::size_t>(n * (k / group)) ||
      zero.size() != scale.size()) {
    throw Error("scale and zero_point do not fit qdata and group_size");
  }
  Values result = values_of(call.element(), {n, k});
  for (std::int64_t i = 0; i < n * k; ++i) {
    const std::int64_t row = i / k, column = i % k;
    const auto word = static_cast<std::uint32_t>(
        static_cast<std::int64_t>(qdata.value[static_cast<std::size_t>(row * (k / 8) + column / 8)]));
    const auto at = static_cast<std::size_t>(column / group * n + row);
    const double code = word >> (4 * (column % 8)) & 15U;
    result.value[static_cast<std::size_t>(i)] = (code - zero.value[at]) * scale.value[at];
  }
  return {result};
}

}  // namespace

std::vector<Operator> fused_operators() {
  const std::vector<std::string_view> q8 = {"x",           "input_scale",   "input_zero_point", "weights",
                                            "weight_sums", "weight_scales", "output_scale",     "output_zero_point",
                                            "bias",        "activation"};
  const std::vector<std::string_view> decomposed = {"weight",    "scales",    "zero_points",
                                                    "quant_min", "quant_max", "indices"};
  return {
      {"et_vk::embedding_q4gsw",
       {"weight", "weight_scales", "group_size", "indices", "is_linear_weight"},
       embedding_q4gsw},
      {"et_vk::linear_q4gsw", {"self", "weights", "weight_scales", "group_size", "bias"}, linear_q4gsw},
      {"et_vk::linear_dq8ca_q4gsw",
       {"input", "input_scales", "input_zp", "weights", "weight_sums", "weight_scales", "group_size", "bias"},
       linear_dq8ca},
      {"et_vk::linear_q8ta_q8csw",
       {"x", "input_scale", "input_zero_point", "weights", "weight_sums", "weight_scales", "bias"},
       linear_q8ta_q8csw},
      {"et_vk::q8ta_linear", q8, q8ta_linear},
      {"et_vk::q8ta_linear_gemv", q8, q8ta_linear},
      {"quantized_decomposed::embedding_4bit", decomposed, decomposed_embedding<true>},
      {"quantized_decomposed::embedding_4bit.dtype", decomposed, decomposed_embedding<true>},
      {"quantized_decomposed::embedding_byte.dtype", decomposed, decomposed_embedding<false>},
      {"torchao::Int4PlainInt32Tensor", {"qdata", "scale", "zero_point", "group_size"}, int4_plain_int32_weight},
      {"torchao::linear_int4_plain_int32",
       {"input", "qdata", "scale", "zero_point", "group_size", "act_pre_scale", "bias"},
       linear_int4_plain_int32},
  };
}

}  // namespace plumb::graph
