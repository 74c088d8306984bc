// Operators that are several steps, each of them a kernel of the same target.
#include "impls/composed.h"

#include "impls/cpu/kernels.h"

namespace plumb::cpu {
namespace {

AffineSteps steps_for(const Target& target) {
  return {choose_qparams_affine(target), quantize_affine(target), dequantize_affine(target)};
}

}  // namespace

Kernel fake_quantize_per_token(const Target& target) { return composed_fake_quantize(steps_for(target)); }

Kernel quantize_plain_int32(const Target& target) {
  return composed_quantize_plain_int32(steps_for(target), pack_plain_int32(target), false);
}

Kernel quantize_plain_int32_npu(const Target& target) {
  return composed_quantize_plain_int32(steps_for(target), pack_plain_int32(target), true);
}

Kernel embedding_4bit(const Target& target) { return composed_embedding_4bit(steps_for(target), unpack_q4gsw(target)); }

Kernel q8ta_linear(const Target& target) {
  return composed_q8ta_linear(linear_q8ta_q8csw(target), quantize_affine(target));
}

Kernel q8ta_conv2d(const Target& target) { return composed_q8ta_conv2d(q8ta_linear(target)); }
Kernel q8ta_relu(const Target& target) { return composed_q8ta_relu(steps_for(target)); }
Kernel q8ta_add(const Target& target) { return composed_q8ta_add(steps_for(target)); }
Kernel q8ta_pixel_shuffle(const Target& target) { return composed_q8ta_pixel_shuffle(steps_for(target)); }

}  // namespace plumb::cpu
