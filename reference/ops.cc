#include "reference/ops.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/kernel/adamw_step.h"
#include "reference/kernel/embedding_q4gsw.h"
#include "reference/kernel/linear_int4_plain_int32.h"
#include "reference/kernel/linear_int8.h"
#include "reference/kernel/linear_intx.h"
#include "reference/kernel/linear_q4gsw.h"
#include "reference/kernel/linear_q4gsw_backward.h"
#include "reference/kernel/linear_qcs4w.h"
#include "reference/kernel/linear_weight_gradient.h"
#include "reference/kernel/matmul_compressed.h"
#include "reference/kernel/q8ta_conv2d.h"
#include "reference/kernel/q8ta_elementwise.h"
#include "reference/kernel/q8ta_linear.h"
#include "reference/kernel/weight_int4pack_mm.h"
#include "reference/names.h"
#include "reference/quant/aligned_rows.h"
#include "reference/quant/aten_int4.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/compute_error.h"
#include "reference/quant/dyn_quant_4bit.h"
#include "reference/quant/embedding_4bit.h"
#include "reference/quant/fake_quantize.h"
#include "reference/quant/group_sums.h"
#include "reference/quant/hqq.h"
#include "reference/quant/nncf_decompress.h"
#include "reference/quant/nncf_pack.h"
#include "reference/quant/nncf_quantize.h"
#include "reference/quant/onnx_pack.h"
#include "reference/quant/openvino_element.h"
#include "reference/quant/plain_int4.h"
#include "reference/quant/q4gsw_pack.h"
#include "reference/quant/q4gsw_requant.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/quantize_plain_int32.h"
#include "reference/quant/quantize_plain_int4.h"
#include "reference/quant/repack_embedding.h"
#include "reference/quant/slice_groups.h"
#include "reference/quant/tinygemm.h"
#include "reference/quant/transpose_scales.h"
#include "reference/quant/uintx.h"
#include "reference/quant/weight_blocks.h"

namespace plumb {

std::span<const Op> all_ops() {
  static const std::vector<Op> ops = {
      pack_uint4(),
      unpack_uint4(),
      pack_int4(),
      unpack_int4(),
      pack_uint2(),
      unpack_uint2(),
      onnx_pack_4bit(),
      onnx_pack_int4_blocks(),
      nncf_compress_constants(),
      nncf_decompress(),
      nncf_quantize(),
      ov_unpack(),
      ov_pack(),
      pack_plain_int32(),
      unpack_plain_int32(),
      pack_plain_int4(),
      unpack_plain_int4(),
      pack_uintx(),
      unpack_uintx(),
      pack_aten_int4(),
      unpack_aten_int4(),
      pack_dyn_quant_4bit(),
      transpose_scales(),
      choose_qparams_affine(),
      quantize_affine(),
      dequantize_affine(),
      choose_qparams_tinygemm(),
      quantize_tinygemm(),
      dequantize_tinygemm(),
      quantize_plain_int4(),
      quantize_hqq(),
      quantize_hqq_scale_only(),
      fake_quantize_per_token(),
      quantize_plain_int32(),
      quantize_plain_int32_npu(),
      slice_groups(),
      compute_error(),
      pack_q4gsw(),
      unpack_q4gsw(),
      group_sums(),
      align_width(),
      transpose_scales_aligned(),
      repack_embedding(),
      pack_q4_linear_weight(),
      pack_w_4x8(),
      pack_q8_linear_weight(),
      pack_int4_transposed(),
      q4gsw_requant(),
      q4gsw_requant_w_4x8(),
      linear_q4gsw(),
      embedding_4bit(),
      linear_q4gsw_backward(),
      linear_qcs4w(),
      linear_int4_plain_int32(),
      matmul_compressed(),
      weight_int4pack_mm(),
      linear_dq8ca_q4gsw(),
      linear_q8ta_q8csw(),
      adamw_step(),
      linear_weight_gradient(),
      linear_intx(),
      linear_dynamic_intx(),
      dyn_quant_matmul_4bit(),
      q8ta_linear(),
      q8ta_conv2d(),
      q8ta_relu(),
      q8ta_add(),
      q8ta_pixel_shuffle(),
      embedding_q4gsw(),
  };
  return ops;
}

const Op& op_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Op& op : all_ops()) {
    if (op.name == name) return op;
    known.push_back(op.name);
  }
  throw Error(fmt::format("operator '{}' is unknown; nearest: {}", name, nearest_names(name, known)));
}

}  // namespace plumb
