#include "reference/ops.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/kernel/embedding_q4gsw.h"
#include "reference/kernel/linear_q4gsw.h"
#include "reference/names.h"
#include "reference/quant/aten_int4.h"
#include "reference/quant/dyn_quant_4bit.h"
#include "reference/quant/pack_uint4.h"
#include "reference/quant/plain_int4.h"
#include "reference/quant/transpose_scales.h"
#include "reference/quant/uintx.h"

namespace plumb {

std::span<const Op> all_ops() {
  static const std::vector<Op> ops = {
      pack_uint4(),          unpack_uint4(),     pack_plain_int32(), unpack_plain_int32(), pack_plain_int4(),
      unpack_plain_int4(),   pack_uintx(),       unpack_uintx(),     pack_aten_int4(),     unpack_aten_int4(),
      pack_dyn_quant_4bit(), transpose_scales(), linear_q4gsw(),     embedding_q4gsw(),
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
