#include "reference/ops.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/kernel/embedding_q4gsw.h"
#include "reference/kernel/linear_q4gsw.h"
#include "reference/names.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/nncf_pack.h"
#include "reference/quant/onnx_pack.h"
#include "reference/quant/plain_int4.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/tinygemm.h"

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
      pack_plain_int32(),
      unpack_plain_int32(),
      pack_plain_int4(),
      unpack_plain_int4(),
      linear_q4gsw(),
      embedding_q4gsw(),
      choose_qparams_affine(),
      quantize_affine(),
      dequantize_affine(),
      choose_qparams_tinygemm(),
      quantize_tinygemm(),
      dequantize_tinygemm(),
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
