#include "runners/accuracy/packers.h"

#include <cmath>

#include "reference/error.h"
#include "reference/kernel/code_sums.h"
#include "reference/layout/layouts.h"
#include "reference/ops.h"

namespace plumb::accuracy {
namespace {

// Words of matmul_compressed's `zeros`, linear_qcs4w's `codes`, weight_int4pack_mm's `isa`.
constexpr std::int64_t kTensor = 1, kSignedCodes = 1, kAvx2 = 1;

PackedWeight for_op(const char* op, Sizes params) {
  const Op& description = op_named(op);
  return {&description, std::move(params), std::vector<Tensor>(description.inputs.size())};
}

Tensor& input(PackedWeight& packed, const char* name) { return packed.inputs[packed.op->input_index(name)]; }

// Codes [rows, columns] in a layout, as a tensor of the layout's elements.
Tensor packed_codes(const char* layout_name, Extent extent, const std::vector<int>& codes, Shape shape) {
  const Layout& layout = layout_named(layout_name);
  const std::vector<std::uint8_t> bytes = pack(layout, extent, codes);
  std::vector<std::byte> raw(bytes.size());
  std::ranges::transform(bytes, raw.begin(), [](std::uint8_t byte) { return std::byte{byte}; });
  return {layout.container, std::move(shape), std::move(raw)};
}

std::vector<int> codes_of(const QuantisedWeight& weight, int shift = 0) {
  std::vector<int> codes(weight.codes.begin(), weight.codes.end());
  for (int& code : codes) code += shift;
  return codes;
}

// Values of groups [N, G], as they are or as [G, N].
enum class Order { rows_first, groups_first };
Tensor of_groups(DType dtype, const QuantisedWeight& weight, const std::vector<float>& values, Order order) {
  const bool by_rows = order == Order::rows_first;
  Tensor tensor(dtype, by_rows ? Shape{weight.rows, weight.groups()} : Shape{weight.groups(), weight.rows});
  for (std::int64_t n = 0; n < weight.rows; ++n) {
    for (std::int64_t g = 0; g < weight.groups(); ++g) {
      const std::int64_t from = n * weight.groups() + g;
      tensor.set(by_rows ? from : g * weight.rows + n, values[static_cast<std::size_t>(from)]);
    }
  }
  return tensor;
}

Tensor scales_of(DType dtype, const QuantisedWeight& weight, Order order) {
  return of_groups(dtype, weight, weight.scales, order);
}

// Flat codes of one of OpenVINO's element types; the last byte need not be full.
Tensor openvino_codes(const char* layout, int bits, std::vector<int> codes) {
  const std::size_t in_a_byte = static_cast<std::size_t>(8 / bits);
  codes.resize((codes.size() + in_a_byte - 1) / in_a_byte * in_a_byte);
  const auto count = static_cast<std::int64_t>(codes.size());
  return packed_codes(layout, {1, count}, codes, {count * bits / 8});
}

// An OpenVINO element type by its number in matmul_compressed's `type`.
struct ElementType {
  std::int64_t type;
  const char* layout;
};
ElementType element_type(int bits, bool has_zeros) {
  if (bits == 2) return {0, "openvino.u2"};
  if (bits == 4) return has_zeros ? ElementType{1, "openvino.u4"} : ElementType{2, "openvino.i4"};
  return has_zeros ? ElementType{3, "openvino.u8"} : ElementType{4, "openvino.i8"};
}

Tensor q4gsw_codes(const QuantisedWeight& weight) {
  const Extent extent{weight.rows, weight.columns};
  const std::int64_t width = layout_named("et_vk.q4gsw").padded(extent).columns / 2;
  return packed_codes("et_vk.q4gsw", extent, codes_of(weight), {weight.rows, width});
}

constexpr auto kF32 = static_cast<std::int64_t>(DType::f32);

}  // namespace

PackedWeight pack_matmul_compressed(const QuantisedWeight& weight, const Format& format, const Choices& choices) {
  // There is no i2: symmetric 2-bit codes are unsigned, with one zero point for all.
  const bool shifted = format.bits == 2 && !choices.asymmetric, has_zeros = shifted || choices.asymmetric;
  const ElementType element = element_type(format.bits, has_zeros);
  // Scales that f16 holds are stored so: NNCF's are, torchao's are f32.
  const bool narrow = std::ranges::all_of(weight.scales, [](float s) { return round_to(DType::f16, s) == s; });
  const DType scale = narrow ? DType::f16 : DType::f32;
  PackedWeight packed = for_op("matmul_compressed", {{"N", weight.rows},
                                                     {"group", weight.group},
                                                     {"type", element.type},
                                                     {"zero_codes", has_zeros ? 1 : 0},
                                                     {"zeros", shifted ? kTensor : 0}});
  input(packed, "weight") = openvino_codes(element.layout, format.bits, codes_of(weight, shifted ? 2 : 0));
  input(packed, "scale") = scales_of(scale, weight, Order::rows_first);
  if (shifted) input(packed, "zero_codes") = openvino_codes(element.layout, format.bits, {2});
  if (choices.asymmetric) {
    input(packed, "zero_codes") =
        openvino_codes(element.layout, format.bits, {weight.zeros.begin(), weight.zeros.end()});
  }
  return packed;
}

PackedWeight pack_linear_q4gsw(const QuantisedWeight& weight, const Format&, const Choices&) {
  PackedWeight packed = for_op("linear_q4gsw", {{"group", weight.group}});
  input(packed, "weights") = q4gsw_codes(weight);
  input(packed, "weight_scales") = scales_of(DType::f32, weight, Order::groups_first);
  return packed;
}

PackedWeight pack_linear_dq8ca_q4gsw(const QuantisedWeight& weight, const Format&, const Choices&) {
  PackedWeight packed = for_op("linear_dq8ca_q4gsw", {{"group", weight.group}});
  input(packed, "weights") = q4gsw_codes(weight);
  input(packed, "weight_scales") = scales_of(DType::f32, weight, Order::groups_first);
  const Signature sizes =
      make_signature(*packed.op, {{"M", 1}, {"N", weight.rows}, {"K", weight.columns}, {"group", weight.group}});
  input(packed, "weight_sums") = code_sums(*packed.op, sizes, input(packed, "weights"));
  return packed;
}

PackedWeight pack_linear_qcs4w(const QuantisedWeight& weight, const Format&, const Choices&) {
  PackedWeight packed = for_op("linear_qcs4w", {{"codes", kSignedCodes}});
  input(packed, "weight") = packed_codes("et_vk.q4_even_high", {weight.rows, weight.columns}, codes_of(weight),
                                         {weight.rows, weight.columns / 2});
  Tensor scales(DType::f32, {weight.rows});
  for (std::int64_t n = 0; n < weight.rows; ++n) scales.set(n, weight.scales[static_cast<std::size_t>(n)]);
  input(packed, "scales") = std::move(scales);
  return packed;
}

PackedWeight pack_linear_int4_plain_int32(const QuantisedWeight& weight, const Format&, const Choices&) {
  PackedWeight packed = for_op("linear_int4_plain_int32", {{"group", weight.group}});
  input(packed, "qdata") = packed_codes("torchao.plain_int32", {weight.rows, weight.columns}, codes_of(weight),
                                        {weight.rows, weight.columns / 8});
  input(packed, "scale") = scales_of(DType::f16, weight, Order::groups_first);
  input(packed, "zero_point") = of_groups(DType::i8, weight, weight.zeros, Order::groups_first);
  return packed;
}

PackedWeight pack_weight_int4pack_mm(const QuantisedWeight& weight, const Format&, const Choices&) {
  PackedWeight packed = for_op("weight_int4pack_mm", {{"group", weight.group}, {"isa", kAvx2}});
  input(packed, "packed") = packed_codes("aten.int4_avx2", {weight.rows, weight.columns}, codes_of(weight, 8),
                                         {weight.rows, weight.columns / 2});
  const Tensor scales = scales_of(DType::f32, weight, Order::groups_first);
  const Tensor zeros = of_groups(DType::f32, weight, weight.added, Order::groups_first);
  Tensor both(DType::f32, {weight.groups(), weight.rows, 2});
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    both.set(2 * i, scales.at(i));
    both.set(2 * i + 1, zeros.at(i));
  }
  input(packed, "scale_and_zeros") = std::move(both);
  return packed;
}

PackedWeight pack_embedding_q4gsw(const QuantisedWeight& weight) {
  PackedWeight packed = for_op("embedding_q4gsw", {{"group", weight.group}, {"linear", 1}, {"out", kF32}});
  input(packed, "weight") = packed_codes("et_vk.q4_even_low", {weight.rows, weight.columns}, codes_of(weight),
                                         {weight.rows, weight.columns / 2});
  input(packed, "weight_scales") = scales_of(DType::f32, weight, Order::rows_first);
  return packed;
}

}  // namespace plumb::accuracy
