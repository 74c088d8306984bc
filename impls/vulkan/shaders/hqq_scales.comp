// quantize_hqq_scale_only: an invocation follows one block through all iterations. Its 1 + iterations words of output
// are the first scale and the next ones; the host, which sees all blocks, decides which was the last. All arithmetic is
// done in integers.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "hqq_groups.glsl"

const uint kLeastScale = 0x34000000u;  // 2^-23

uint largest_magnitude(uint g) {
  uint largest = 0u;
  for (uint i = 0u; i < group; ++i) {
    const uint value = f32_abs(value_of(g, i));
    if (f32_is_nan(value)) return kNaN;
    largest = max(largest, value);
  }
  return largest;
}

// sum w q / sum q q, from the codes of `scale`, which it is where all codes are zero.
uint best_scale(uint g, uint scale) {
  uvec2 sums = uvec2(0u);
  for (uint i = 0u; i < group; ++i) {
    const uint w = value_of(g, i);
    const uint q = clamped(f32_rint(f32_div(w, scale)), low, high);
    const uvec2 factors = uvec2(w, q);
    for (uint part = 0u; part < 2u; ++part) sums[part] = f32_add(sums[part], f32_mul(factors[part], q));
  }
  const bool fits = !f32_is_nan(sums.y) && f32_less(0u, sums.y);
  return at_least(fits ? f32_div(sums.x, sums.y) : scale, kLeastScale);
}

void main() {
  const uint g = invocation_number();
  if (g >= groups) return;
  const uint first = kFirst + g * (1u + iterations);
  uint scale = at_least(f32_div(largest_magnitude(g), f32_max(f32_abs(low), f32_abs(high))), kLeastScale);
  y[first] = scale;
  for (uint i = 0u; i < iterations; ++i) {
    scale = best_scale(g, scale);
    y[first + 1u + i] = scale;
  }
}
