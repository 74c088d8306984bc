#include "runners/golden_bindings/no_operators.h"

namespace plumb {
namespace {

constexpr NoOperator kNoOperators[] = {
    {"executorch.fuse_patterns", "graphs before and after fusion; 'plumb rewrite verify' judges such"},
    {"executorch.register_param_mutation",
     "what parameters are rewritten to; 'plumb rewrite apply' keeps account of it"},
    {"executorch.schema", "a declaration, which has no results"},
    {"openvino.rewrite_decompression", "graphs before and after conversion; 'plumb rewrite verify' judges such"},
    {"torchao.quantize_", "graphs before and after quantisation, for 'plumb rewrite apply'"},
    {"torchao.pt2e", "graphs before and after quantisation, for 'plumb rewrite apply'"},
    {"model.tokens", "text in tokens, which 'plumb accuracy --text' reads"},
    {"model.logits", "a whole model; 'plumb accuracy' runs it"},
    {"model.perplexity", "a whole model; 'plumb accuracy' measures it"},
};

}  // namespace

std::span<const NoOperator> all_no_operators() { return kNoOperators; }

std::optional<std::string_view> no_operator_reason(std::string_view golden_op) {
  for (const NoOperator& known : kNoOperators) {
    if (known.golden_op == golden_op) return known.reason;
  }
  return std::nullopt;
}

}  // namespace plumb
