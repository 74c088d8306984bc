// Kernels that run others, one step after another: operators that are several steps of quantisation. What lies between
// steps passes through host memory.
#pragma once

#include "impls/builtin.h"

namespace plumb {

/// Steps of affine quantisation, all of one implementation.
struct AffineSteps {
  Kernel choose, quantize, dequantize;
};

/// fake_quantize_per_token.
[[nodiscard]] Kernel composed_fake_quantize(AffineSteps steps);
/// quantize_plain_int32 or quantize_plain_int32_npu: choose, quantize, and `pack`, which is pack_plain_int32.
[[nodiscard]] Kernel composed_quantize_plain_int32(AffineSteps steps, Kernel pack, bool is_npu);
/// embedding_4bit: `unpack`, which is unpack_q4gsw, and dequantize over the rows that are looked up.
[[nodiscard]] Kernel composed_embedding_4bit(AffineSteps steps, Kernel unpack);
/// q8ta_linear: `linear`, which is linear_q8ta_q8csw, and `quantize`, which is quantize_affine, of what it gives.
[[nodiscard]] Kernel composed_q8ta_linear(Kernel linear, Kernel quantize);
/// q8ta_conv2d: `linear`, which is q8ta_linear, of the patches.
[[nodiscard]] Kernel composed_q8ta_conv2d(Kernel linear);
/// q8ta_relu, q8ta_add and q8ta_pixel_shuffle, between `dequantize` and `quantize`.
[[nodiscard]] Kernel composed_q8ta_relu(AffineSteps steps);
[[nodiscard]] Kernel composed_q8ta_add(AffineSteps steps);
[[nodiscard]] Kernel composed_q8ta_pixel_shuffle(AffineSteps steps);

}  // namespace plumb
