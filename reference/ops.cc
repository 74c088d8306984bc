#include "reference/ops.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/kernel/embedding_q4gsw.h"
#include "reference/kernel/linear_q4gsw.h"
#include "reference/names.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/pack_uint4.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/tinygemm.h"

namespace plumb {

std::span<const Op> all_ops() {
  static const std::vector<Op> ops = {
      pack_uint4(),
      unpack_uint4(),
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
