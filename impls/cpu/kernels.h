// Which CPU kernels are there? Each is compiled once per target; cpu.cc makes one implementation of each pair.
#pragma once

#include "impls/builtin.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

[[nodiscard]] Kernel pack_uint4(const Target& target);
[[nodiscard]] Kernel unpack_uint4(const Target& target);
[[nodiscard]] Kernel pack_int4(const Target& target);
[[nodiscard]] Kernel unpack_int4(const Target& target);
[[nodiscard]] Kernel pack_uint2(const Target& target);
[[nodiscard]] Kernel unpack_uint2(const Target& target);
[[nodiscard]] Kernel onnx_pack_4bit(const Target& target);
[[nodiscard]] Kernel onnx_pack_int4_blocks(const Target& target);
[[nodiscard]] Kernel nncf_compress_constants(const Target& target);
[[nodiscard]] Kernel nncf_decompress(const Target& target);
[[nodiscard]] Kernel nncf_quantize(const Target& target);
[[nodiscard]] Kernel ov_unpack(const Target& target);
[[nodiscard]] Kernel ov_pack(const Target& target);
[[nodiscard]] Kernel pack_plain_int32(const Target& target);
[[nodiscard]] Kernel unpack_plain_int32(const Target& target);
[[nodiscard]] Kernel pack_plain_int4(const Target& target);
[[nodiscard]] Kernel unpack_plain_int4(const Target& target);
[[nodiscard]] Kernel pack_uintx(const Target& target);
[[nodiscard]] Kernel unpack_uintx(const Target& target);
[[nodiscard]] Kernel pack_aten_int4(const Target& target);
[[nodiscard]] Kernel unpack_aten_int4(const Target& target);
[[nodiscard]] Kernel pack_dyn_quant_4bit(const Target& target);
[[nodiscard]] Kernel transpose_scales(const Target& target);
[[nodiscard]] Kernel choose_qparams_affine(const Target& target);
[[nodiscard]] Kernel quantize_affine(const Target& target);
[[nodiscard]] Kernel dequantize_affine(const Target& target);
[[nodiscard]] Kernel choose_qparams_tinygemm(const Target& target);
[[nodiscard]] Kernel quantize_tinygemm(const Target& target);
[[nodiscard]] Kernel dequantize_tinygemm(const Target& target);
[[nodiscard]] Kernel quantize_plain_int4(const Target& target);
[[nodiscard]] Kernel quantize_hqq(const Target& target);
[[nodiscard]] Kernel quantize_hqq_scale_only(const Target& target);
[[nodiscard]] Kernel fake_quantize_per_token(const Target& target);
[[nodiscard]] Kernel quantize_plain_int32(const Target& target);
[[nodiscard]] Kernel quantize_plain_int32_npu(const Target& target);
[[nodiscard]] Kernel slice_groups(const Target& target);
[[nodiscard]] Kernel compute_error(const Target& target);
[[nodiscard]] Kernel pack_q4gsw(const Target& target);
[[nodiscard]] Kernel unpack_q4gsw(const Target& target);
[[nodiscard]] Kernel group_sums(const Target& target);
[[nodiscard]] Kernel align_width(const Target& target);
[[nodiscard]] Kernel transpose_scales_aligned(const Target& target);
[[nodiscard]] Kernel repack_embedding(const Target& target);
[[nodiscard]] Kernel pack_q4_linear_weight(const Target& target);
[[nodiscard]] Kernel pack_w_4x8(const Target& target);
[[nodiscard]] Kernel pack_q8_linear_weight(const Target& target);
[[nodiscard]] Kernel pack_int4_transposed(const Target& target);
[[nodiscard]] Kernel q4gsw_requant(const Target& target);
[[nodiscard]] Kernel q4gsw_requant_w_4x8(const Target& target);
[[nodiscard]] Kernel linear_q4gsw(const Target& target);
[[nodiscard]] Kernel embedding_4bit(const Target& target);
[[nodiscard]] Kernel linear_q4gsw_backward(const Target& target);
[[nodiscard]] Kernel linear_qcs4w(const Target& target);
[[nodiscard]] Kernel linear_int4_plain_int32(const Target& target);
[[nodiscard]] Kernel matmul_compressed(const Target& target);
[[nodiscard]] Kernel weight_int4pack_mm(const Target& target);
[[nodiscard]] Kernel linear_dq8ca_q4gsw(const Target& target);
[[nodiscard]] Kernel linear_q8ta_q8csw(const Target& target);
[[nodiscard]] Kernel adamw_step(const Target& target);
[[nodiscard]] Kernel linear_weight_gradient(const Target& target);
[[nodiscard]] Kernel linear_intx(const Target& target);
[[nodiscard]] Kernel linear_dynamic_intx(const Target& target);
[[nodiscard]] Kernel dyn_quant_matmul_4bit(const Target& target);
[[nodiscard]] Kernel q8ta_linear(const Target& target);
[[nodiscard]] Kernel q8ta_conv2d(const Target& target);
[[nodiscard]] Kernel q8ta_relu(const Target& target);
[[nodiscard]] Kernel q8ta_add(const Target& target);
[[nodiscard]] Kernel q8ta_pixel_shuffle(const Target& target);
[[nodiscard]] Kernel embedding_q4gsw(const Target& target);

/// The table of all of them.
using MakeKernel = Kernel (*)(const Target&);
inline constexpr MakeKernel kKernels[] = {
    pack_uint4,
    unpack_uint4,
    pack_int4,
    unpack_int4,
    pack_uint2,
    unpack_uint2,
    onnx_pack_4bit,
    onnx_pack_int4_blocks,
    nncf_compress_constants,
    nncf_decompress,
    nncf_quantize,
    ov_unpack,
    ov_pack,
    pack_plain_int32,
    unpack_plain_int32,
    pack_plain_int4,
    unpack_plain_int4,
    pack_uintx,
    unpack_uintx,
    pack_aten_int4,
    unpack_aten_int4,
    pack_dyn_quant_4bit,
    transpose_scales,
    choose_qparams_affine,
    quantize_affine,
    dequantize_affine,
    choose_qparams_tinygemm,
    quantize_tinygemm,
    dequantize_tinygemm,
    quantize_plain_int4,
    quantize_hqq,
    quantize_hqq_scale_only,
    fake_quantize_per_token,
    quantize_plain_int32,
    quantize_plain_int32_npu,
    slice_groups,
    compute_error,
    pack_q4gsw,
    unpack_q4gsw,
    group_sums,
    align_width,
    transpose_scales_aligned,
    repack_embedding,
    pack_q4_linear_weight,
    pack_w_4x8,
    pack_q8_linear_weight,
    pack_int4_transposed,
    q4gsw_requant,
    q4gsw_requant_w_4x8,
    linear_q4gsw,
    embedding_4bit,
    linear_q4gsw_backward,
    linear_qcs4w,
    linear_int4_plain_int32,
    matmul_compressed,
    weight_int4pack_mm,
    linear_dq8ca_q4gsw,
    linear_q8ta_q8csw,
    adamw_step,
    linear_weight_gradient,
    linear_intx,
    linear_dynamic_intx,
    dyn_quant_matmul_4bit,
    q8ta_linear,
    q8ta_conv2d,
    q8ta_relu,
    q8ta_add,
    q8ta_pixel_shuffle,
    embedding_q4gsw,
};

/// The contract of kernels that move integers, where nothing is rounded.
inline constexpr plumb_contract kExactContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

}  // namespace plumb::cpu
