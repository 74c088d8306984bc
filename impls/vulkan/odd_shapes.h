// For tests only: shapes at which kernels of words, tiles and blocks stumble.
#pragma once

#include <ostream>

#include "reference/op.h"

namespace plumb::vulkan {

inline constexpr auto kF16 = static_cast<std::int64_t>(DType::f16), kBf16 = static_cast<std::int64_t>(DType::bf16),
                      kI8 = static_cast<std::int64_t>(DType::i8), kI32 = static_cast<std::int64_t>(DType::i32),
                      kI64 = static_cast<std::int64_t>(DType::i64);

/// A case by its sizes and parameters.
struct OddShape {
  const char* op;
  Sizes sizes;
};

inline const OddShape kOddShapes[] = {
    {"pack_uint4", {{"n", 2}}},
    {"pack_uint4", {{"n", 16}}},
    {"pack_uint4", {{"n", 4098}, {"lead", 2}}},
    {"unpack_uint4", {{"n", 1}}},
    {"unpack_uint4", {{"n", 2049}, {"lead", 2}}},
    {"unpack_uint4", {{"n", 1}, {"container", kI8}}},
    {"unpack_uint4", {{"n", 2049}, {"container", kI8}}},
    {"pack_int4", {{"n", 14}}},
    {"pack_int4", {{"n", 4098}, {"lead", 2}}},
    {"unpack_int4", {{"n", 2049}, {"lead", 2}}},
    {"unpack_int4", {{"n", 1025}, {"container", kI8}}},
    {"pack_uint2", {{"n", 4}}},
    {"pack_uint2", {{"n", 2052}, {"lead", 2}}},
    {"unpack_uint2", {{"n", 1}}},
    {"unpack_uint2", {{"n", 1025}, {"container", kI8}}},
    {"onnx_pack_4bit", {{"n", 4098}, {"lead", 2}}},
    {"onnx_pack_4bit", {{"n", 18}, {"container", kI8}}},
    {"onnx_pack_int4_blocks", {{"K", 1}, {"N", 1}, {"block", 1}}},
    {"onnx_pack_int4_blocks", {{"K", 261}, {"N", 67}, {"block", 259}, {"container", kI8}}},
    {"onnx_pack_int4_blocks", {{"K", 33}, {"N", 17}, {"block", 5}}},
    {"quantize_affine", {{"M", 1}, {"K", 1}, {"group", 1}, {"quant_min", -8}, {"quant_max", 7}}},
    {"quantize_affine",
     {{"M", 6}, {"K", 33}, {"group", 1}, {"rows", 3}, {"quant_min", -8}, {"quant_max", 7}, {"code", kI8}, {"x", kF16}}},
    {"quantize_affine", {{"M", 3}, {"K", 515}, {"group", 103}, {"quant_min", 0}, {"quant_max", 15}, {"order", 1}}},
    {"dequantize_affine", {{"M", 3}, {"K", 67}, {"group", 67}, {"quant_min", 0}, {"quant_max", 15}, {"y", kBf16}}},
    {"dequantize_affine", {{"M", 3}, {"K", 5}, {"group", 5}, {"quant_min", 0}, {"quant_max", 15}, {"zero_point", 0}}},
    {"quantize_tinygemm", {{"M", 3}, {"K", 66}, {"group", 22}, {"quant_min", 0}, {"quant_max", 15}, {"code", kI8}}},
    {"dequantize_tinygemm", {{"M", 3}, {"K", 65}, {"group", 13}, {"quant_min", 0}, {"quant_max", 15}}},
    {"pack_plain_int32", {{"N", 1}, {"K", 8}}},
    {"pack_plain_int32", {{"N", 3}, {"K", 1032}, {"signed", 1}}},
    {"unpack_plain_int32", {{"N", 1}, {"K", 8}, {"signed", 1}}},
    {"unpack_plain_int32", {{"N", 5}, {"K", 136}}},
    {"pack_plain_int4", {{"N", 1}, {"K", 2}}},
    {"pack_plain_int4", {{"N", 3}, {"K", 130}}},
    {"unpack_plain_int4", {{"N", 1}, {"K", 2}}},
    {"unpack_plain_int4", {{"N", 3}, {"K", 1030}}},
    {"pack_uintx", {{"outer", 1}, {"n", 8}, {"inner", 1}, {"bits", 7}}},
    {"pack_uintx", {{"outer", 3}, {"n", 72}, {"inner", 5}, {"bits", 5}}},
    {"pack_uintx", {{"outer", 2}, {"n", 264}, {"inner", 3}, {"bits", 3}}},
    {"pack_uintx", {{"outer", 2}, {"n", 8}, {"inner", 129}, {"bits", 2}}},
    {"unpack_uintx", {{"outer", 1}, {"n", 8}, {"inner", 1}, {"bits", 1}}},
    {"unpack_uintx", {{"outer", 3}, {"n", 72}, {"inner", 5}, {"bits", 6}}},
    {"unpack_uintx", {{"outer", 2}, {"n", 264}, {"inner", 3}, {"bits", 7}}},
    {"unpack_uintx", {{"outer", 2}, {"n", 8}, {"inner", 129}, {"bits", 4}}},
    {"pack_aten_int4", {{"N", 16}, {"K", 2}, {"isa", 0}}},
    {"pack_aten_int4", {{"N", 176}, {"K", 34}, {"isa", 0}}},
    {"pack_aten_int4", {{"N", 112}, {"K", 130}, {"isa", 1}}},
    {"pack_aten_int4", {{"N", 80}, {"K", 6}, {"isa", 2}}},
    {"unpack_aten_int4", {{"N", 112}, {"K", 34}, {"isa", 0}}},
    {"unpack_aten_int4", {{"N", 48}, {"K", 2}, {"isa", 1}}},
    {"unpack_aten_int4", {{"N", 176}, {"K", 10}, {"isa", 2}}},
    {"pack_dyn_quant_4bit", {{"N", 1}, {"K", 2}, {"group", 2}}},
    {"pack_dyn_quant_4bit", {{"N", 3}, {"K", 96}, {"group", 32}, {"scale", kBf16}, {"bias", 1}}},
    {"pack_dyn_quant_4bit", {{"N", 5}, {"K", 34}, {"group", 34}, {"bias", 1}}},
    {"transpose_scales", {{"N", 1}, {"G", 1}}},
    {"transpose_scales", {{"N", 17}, {"G", 5}}},
    {"transpose_scales", {{"N", 17}, {"G", 5}, {"scale", kF16}}},
    {"transpose_scales", {{"N", 9}, {"G", 34}, {"scale", kBf16}}},
    {"transpose_scales", {{"N", 13}, {"G", 7}, {"scale", kI8}}},
    {"linear_q4gsw", {{"M", 1}, {"K", 1}, {"N", 1}, {"group", 1}}},
    {"linear_q4gsw", {{"M", 1}, {"K", 7}, {"N", 3}, {"group", 7}, {"bias", 1}}},
    {"linear_q4gsw", {{"M", 4}, {"K", 6}, {"N", 17}, {"group", 3}, {"x", kF16}, {"scale", kBf16}}},
    {"linear_q4gsw", {{"M", 3}, {"K", 1024}, {"N", 65}, {"group", 256}, {"scale", kF16}}},
    {"linear_q4gsw", {{"M", 5}, {"K", 5}, {"N", 9}, {"group", 1}, {"bias", 1}}},
    {"linear_q4gsw", {{"M", 33}, {"K", 36}, {"N", 64}, {"group", 6}, {"lead", 2}}},
    {"linear_q4gsw", {{"M", 65}, {"K", 77}, {"N", 71}, {"group", 11}, {"x", kF16}, {"bias", 1}}},
    {"linear_q4gsw", {{"M", 32}, {"K", 64}, {"N", 130}, {"group", 32}, {"lead", 3}}},
    {"embedding_q4gsw", {{"M", 1}, {"N", 1}, {"K", 2}, {"group", 2}, {"lead", 0}}},
    {"embedding_q4gsw", {{"M", 17}, {"N", 7}, {"K", 6}, {"group", 1}, {"index", kI32}}},
    {"embedding_q4gsw", {{"M", 5}, {"N", 33}, {"K", 18}, {"group", 3}, {"linear", 1}, {"scale", kF16}}},
    {"embedding_q4gsw", {{"M", 8}, {"N", 3}, {"K", 14}, {"group", 7}, {"out", kF16}, {"scale", kBf16}, {"lead", 2}}},
    {"embedding_q4gsw", {{"M", 6}, {"N", 16}, {"K", 512}, {"group", 128}, {"lead", 3}}},
    {"pack_q4gsw", {{"N", 1}, {"K", 1}, {"padding", 2}}},
    {"pack_q4gsw", {{"N", 3}, {"K", 33}, {"padding", 2}}},
    {"pack_q4gsw", {{"N", 5}, {"K", 63}, {"code", kI32}}},
    {"pack_q4gsw", {{"N", 5}, {"K", 30}, {"padding", 0}, {"code", kI64}}},
    {"unpack_q4gsw", {{"N", 1}, {"row_bytes", 1}, {"columns", 1}}},
    {"unpack_q4gsw", {{"N", 5}, {"row_bytes", 33}, {"columns", 63}}},
    {"group_sums", {{"N", 1}, {"K", 1}, {"group", 1}}},
    {"group_sums", {{"N", 9}, {"K", 66}, {"group", 33}}},
    {"align_width", {{"M", 1}, {"K", 5}, {"lead", 0}}},
    {"align_width", {{"M", 3}, {"K", 5}, {"align", 1}, {"x", kF16}}},
    {"align_width", {{"M", 6}, {"K", 7}, {"align", 3}, {"lead", 2}, {"x", kBf16}}},
    {"transpose_scales_aligned", {{"N", 5}, {"G", 3}}},
    {"transpose_scales_aligned", {{"N", 5}, {"G", 3}, {"align", 1}, {"scale", kF16}}},
    {"repack_embedding", {{"N", 3}, {"K", 6}}},
    {"repack_embedding", {{"N", 3}, {"K", 66}, {"to", 1}}},
    {"pack_q4_linear_weight", {{"N", 1}, {"K", 8}}},
    {"pack_q4_linear_weight", {{"N", 13}, {"K", 40}}},
    {"pack_w_4x8", {{"N", 13}, {"K", 40}}},
    {"pack_w_4x8", {{"N", 13}, {"K", 40}, {"order", 1}}},
    {"pack_q8_linear_weight", {{"N", 1}, {"K", 4}}},
    {"pack_q8_linear_weight", {{"N", 7}, {"K", 20}}},
    {"pack_int4_transposed", {{"N", 8}, {"K", 2}}},
    {"pack_int4_transposed", {{"N", 24}, {"K", 10}}},
    {"q4gsw_requant", {{"N", 2}, {"K", 1}, {"group", 1}}},
    {"q4gsw_requant", {{"N", 5}, {"K", 33}, {"group", 7}}},
    {"q4gsw_requant_w_4x8", {{"N", 1}, {"K", 8}, {"group", 3}}},
    {"q4gsw_requant_w_4x8", {{"N", 13}, {"K", 40}, {"group", 8}}},
    {"linear_dq8ca_q4gsw", {{"M", 1}, {"K", 7}, {"N", 1}, {"group", 7}}},
    {"linear_dq8ca_q4gsw", {{"M", 3}, {"K", 45}, {"N", 33}, {"group", 5}, {"bias", 1}}},
    {"linear_dq8ca_q4gsw", {{"M", 5}, {"K", 35}, {"N", 65}, {"group", 35}, {"scale", kF16}}},
    {"linear_dq8ca_q4gsw", {{"M", 33}, {"K", 144}, {"N", 15}, {"group", 72}, {"x", kF16}, {"bias", 1}}},
    {"linear_dq8ca_q4gsw", {{"M", 2}, {"K", 160}, {"N", 9}, {"group", 16}, {"lead", 2}}},
    {"linear_dq8ca_q4gsw", {{"M", 3}, {"K", 45}, {"N", 33}, {"group", 5}, {"bias", 1}, {"activation", 1}}},
    {"linear_q8ta_q8csw", {{"M", 5}, {"K", 67}, {"N", 9}, {"activation", 1}}},
    {"linear_q8ta_q8csw", {{"M", 1}, {"K", 1}, {"N", 1}}},
    {"linear_q8ta_q8csw", {{"M", 4}, {"K", 70}, {"N", 33}, {"bias", 1}}},
    {"linear_q8ta_q8csw", {{"M", 33}, {"K", 67}, {"N", 65}, {"scale", kBf16}, {"x", kF16}}},
};

/// How GoogleTest names one.
inline void PrintTo(const OddShape& shape, std::ostream* out) {
  *out << shape.op;
  for (const auto& [name, value] : shape.sizes) *out << ' ' << name << '=' << value;
}

}  // namespace plumb::vulkan
