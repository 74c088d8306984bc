#include "runners/accuracy/quantisers.h"

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/nncf_quantize.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/quantize_plain_int32.h"
#include "reference/quant/steps.h"
#include "reference/quant/tinygemm.h"

namespace plumb::accuracy {
namespace {

constexpr std::int64_t kSymmetric = 0, k1e6 = 1;  // choose_qparams_affine's words

QuantisedWeight blank(const Tensor& weight, const Choices& choices) {
  const std::int64_t rows = weight.shape()[0], columns = weight.shape()[1];
  return {rows, columns, choices.group == 0 ? columns : choices.group, {}, {}};
}

template <typename T>
std::vector<T> values_of(const Expected& expected) {
  std::vector<T> values;
  values.reserve(expected.value.size());
  for (const double value : expected.value) values.push_back(static_cast<T>(value));
  return values;
}

// [G, N] as [N, G].
std::vector<float> transposed(const Expected& expected, std::int64_t rows) {
  const std::int64_t groups = std::ssize(expected.value) / rows;
  std::vector<float> values;
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      values.push_back(static_cast<float>(expected.value[static_cast<std::size_t>(g * rows + n)]));
    }
  }
  return values;
}

}  // namespace

QuantisedWeight quantise_nncf(const Tensor& weight, const Format& format, const Choices& choices) {
  QuantisedWeight result = blank(weight, choices);
  Tensor as_three(DType::f32, {result.rows, result.columns, 1});
  std::ranges::copy(weight.bytes(), as_three.bytes().begin());
  const Sizes params = {{"group", result.group},
                        {"bits", format.bits},
                        {"code", static_cast<std::int64_t>(choices.asymmetric ? DType::u8 : DType::i8)},
                        {"scale", static_cast<std::int64_t>(DType::f16)}};
  const Answer answer = evaluate_step(nncf_quantize(), params, {as_three});
  result.codes = values_of<std::int16_t>(answer[0]);
  result.scales = values_of<float>(answer[1]);
  if (choices.asymmetric) result.zeros = values_of<float>(answer[2]);
  return result;
}

QuantisedWeight quantise_intx(const Tensor& weight, const Format& format, const Choices& choices) {
  QuantisedWeight result = blank(weight, choices);
  const std::int64_t half = std::int64_t{1} << (format.bits - 1);
  const Sizes range = {{"group", result.group}, {"quant_min", -half}, {"quant_max", half - 1}};
  Sizes choice = range;
  choice.insert({{"mapping", kSymmetric},
                 {"scale", static_cast<std::int64_t>(DType::f32)},
                 {"zp", static_cast<std::int64_t>(DType::i8)}});
  const Answer chosen = evaluate_step(choose_qparams_affine(), choice, {weight});
  const Shape grid = {result.rows, result.groups()};
  const Answer codes =
      evaluate_step(quantize_affine(), range,
                    {weight, step_tensor(DType::f32, grid, chosen[0]), step_tensor(DType::i8, grid, chosen[1])});
  result.codes = values_of<std::int16_t>(codes[0]);
  result.scales = values_of<float>(chosen[0]);
  return result;
}

QuantisedWeight quantise_plain_int32_f16(const Tensor& weight, const Format& format, const Choices& choices) {
  (void)format;
  QuantisedWeight result = blank(weight, choices);
  Tensor half(DType::f16, weight.shape());
  for (std::int64_t i = 0; i < weight.size(); ++i) half.set(i, weight.at(i));
  const Answer answer = evaluate_step(quantize_plain_int32(), {{"group", result.group}}, {half});
  const Tensor words = step_tensor(DType::i32, {result.rows, result.columns / 8}, answer[0]);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words.bytes().data());
  const std::vector<int> codes =
      unpack(layout_named("torchao.plain_int32"), {result.rows, result.columns}, {bytes, words.bytes().size()});
  result.codes.assign(codes.begin(), codes.end());
  result.scales = transposed(answer[1], result.rows);
  result.zeros = transposed(answer[2], result.rows);
  return result;
}

QuantisedWeight quantise_tinygemm(const Tensor& weight, const Format& format, const Choices& choices) {
  QuantisedWeight result = blank(weight, choices);
  const std::int64_t half = std::int64_t{1} << (format.bits - 1);
  const Sizes range = {{"group", result.group}, {"quant_min", 0}, {"quant_max", 2 * half - 1}};
  Sizes choice = range;
  choice.insert({"eps", k1e6});
  const Answer chosen = evaluate_step(choose_qparams_tinygemm(), choice, {weight});
  const Shape grid = {result.rows, result.groups()};
  const Answer codes =
      evaluate_step(plumb::quantize_tinygemm(), range,
                    {weight, step_tensor(DType::f32, grid, chosen[0]), step_tensor(DType::f32, grid, chosen[1])});
  result.codes = values_of<std::int16_t>(codes[0]);
  for (std::int16_t& code : result.codes) code = static_cast<std::int16_t>(code - half);
  result.scales = values_of<float>(chosen[0]);
  result.added = values_of<float>(chosen[1]);
  return result;
}

}  // namespace plumb::accuracy
