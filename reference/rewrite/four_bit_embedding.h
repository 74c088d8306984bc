// Fusion of embeddings in 4-bit tables, as ExecuTorch's Vulkan backend has it.
#pragma once

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// embedding(dequantize_affine(codes, [1, G], scales, …), indices) -> et_vk::embedding_q4gsw. Source: ExecuTorch 1.5.1,
/// backends/vulkan/patterns/quantized_embedding.py.
[[nodiscard]] Rewrite embedding_q4gsw_fusion();
/// quantized_decomposed::embedding_4bit.dtype -> the same; the table is repacked to the linear's order of nibbles.
[[nodiscard]] Rewrite decomposed_embedding_fusion();

/// The tag of codes packed for these and for linear layers, so that a tied table is packed once.
inline constexpr const char* kPackedWeight = "4 bit linear weight";

}  // namespace plumb::graph
