#include "reference/quant/repack_embedding.h"

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Answer evaluate(const Problem& problem) {
  const Op op = repack_embedding();
  const Extent extent = extent_of(problem.signature);
  const Layout& from = layout_of(op.inputs[0], problem.signature);
  const Layout& to = layout_of(op.outputs[0], problem.signature);
  const std::vector<std::uint8_t> bytes = pack(to, extent, unpack(from, extent, problem.inputs[0].codes()));
  return prescribed({bytes.begin(), bytes.end()});
}

}  // namespace

Op repack_embedding() {
  return {
      .name = "repack_embedding",
      .summary = "moves a 4-bit table from the embedding's order of nibbles to the linear's, or back",
      .source =
          "ExecuTorch 1.5.1, backends/vulkan/patterns/quantized_embedding.py: "
          "replace_quantized_embedding_patterns",
      .semantics = "code[n, k] keeps its value; even k lie in the low nibble for `linear`, in the high for `embedding`",
      .sizes = {{"N", "rows of the table", {1, 2, 3, 7, 33}},
                {"K", "columns of the table", {2, 4, 6, 14, 16, 18, 30, 32, 34, 62, 64, 66, 126, 128, 130, 1024}}},
      .params = {{"to", "the order wanted", Param::Kind::choice, {0, 1}, 0, {"linear", "embedding"}}},
      .inputs = {{.name = "weight",
                  .meaning = "packed table",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4_even_high", "et_vk.q4_even_low"},
                  .layout_param = "to"}},
      .outputs = {{.name = "repacked",
                   .meaning = "the same codes in the order wanted",
                   .dtype = "u8",
                   .shape = "N, K/2",
                   .layouts = {"et_vk.q4_even_low", "et_vk.q4_even_high"},
                   .layout_param = "to"}},
      .constraints = {{"K % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate,
  };
}

}  // namespace plumb
