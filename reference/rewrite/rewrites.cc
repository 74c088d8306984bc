#include <fmt/format.h>

#include "reference/error.h"
#include "reference/names.h"
#include "reference/rewrite/compressed_constants.h"
#include "reference/rewrite/four_bit_embedding.h"
#include "reference/rewrite/int4_dispatch.h"
#include "reference/rewrite/quantised_linear.h"
#include "reference/rewrite/rewrite.h"
#include "reference/rewrite/stack_chain.h"

namespace plumb::graph {

std::span<const Rewrite> all_rewrites() {
  static const std::vector<Rewrite> rewrites = {
      nncf_i4_stack(),
      nncf_u4_stack(),
      nncf_u2_stack(),
      convert_reshape_fold(),
      mark_compressed_constants(),
      promote_u2_to_u8(),
      fold_constants(),
      embedding_q4gsw_fusion(),
      decomposed_embedding_fusion(),
      q8ta_linear_fusion(),
      linear_q8ta_q8csw_fusion(),
      linear_dq8ca_q4gsw_fusion(),
      linear_q4gsw_fusion(),
      int4_plain_int32_linear(),
  };
  return rewrites;
}

const Rewrite& rewrite_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Rewrite& rewrite : all_rewrites()) {
    if (rewrite.name == name) return rewrite;
    known.emplace_back(rewrite.name);
  }
  throw Error(fmt::format("rewrite '{}' is unknown; nearest: {}", name, nearest_names(name, known)));
}

}  // namespace plumb::graph
