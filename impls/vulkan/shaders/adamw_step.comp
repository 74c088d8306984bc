// One of the three outputs of a step of AdamW: an invocation makes an element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };  // bits of f32
layout(std430, binding = 1) readonly buffer Params { float param[]; };
layout(std430, binding = 2) readonly buffer Means { float mean[]; };
layout(std430, binding = 3) readonly buffer Squares { float square[]; };
layout(std430, binding = 4) readonly buffer Gradients { float grad[]; };
layout(std430, binding = 5) readonly buffer Factors {
  float lr, beta1, rest1, beta2, rest2, eps, decay, inverse1, inverse2;
};
layout(push_constant) uniform Sizes {
  uint words;  // elements
  uint made;
};

const uint kParam = 0u, kMean = 1u, kNaN = 0x7fc00000u;

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  precise const float old = beta1 * mean[i], drift = rest1 * grad[i], m = old + drift;
  precise const float kept = beta2 * square[i], power = grad[i] * grad[i], added = rest2 * power, v = kept + added;
  if (made != kParam) {
    y[kFirst + i] = floatBitsToUint(made == kMean ? m : v);
    return;
  }
  precise const float corrected = v * inverse2;
  if (corrected < 0.0) {  // the root of which a device may leave open
    y[kFirst + i] = kNaN;
    return;
  }
  precise const float divisor = sqrt(corrected) + eps, quotient = m * inverse1 / divisor;
  precise const float update = lr * quotient, shrinkage = decay * param[i];
  precise const float moved = param[i] - update, result = moved - shrinkage;
  y[kFirst + i] = floatBitsToUint(result);
}
