// Quantises rows of an activation to int8 and back, (q - zp) / s, as ATen's dyn_quant_matmul_4bit does. A work group
// makes a row: its range first, folded in shared memory. All arithmetic is done in integers, so every rounding is the
// prescribed one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
layout(std430, binding = 0) writeonly buffer Output { uint y[]; };     // [M, K]: bits of f32
layout(std430, binding = 1) readonly buffer Activation { uint x[]; };  // likewise
layout(push_constant) uniform Sizes {
  uint M;
  uint K;
};

const uint kOne = 0x3f800000u, kHalf = 0x3f000000u, k127 = 0x42fe0000u, k255 = 0x437f0000u, kMinus128 = 0xc3000000u;

shared uvec2 range[gl_WorkGroupSize.x];  // smallest and largest, 0 among them; a power of two of them

uvec2 joined(uvec2 a, uvec2 b) { return uvec2(f32_min(a.x, b.x), f32_max(a.y, b.y)); }

uvec2 range_of_row(uint m) {
  const uint own = gl_LocalInvocationID.x;
  uvec2 part = uvec2(0u);
  for (uint k = own; k < K; k += gl_WorkGroupSize.x) part = joined(part, uvec2(x[m * K + k]));
  range[own] = part;
  for (uint stride = gl_WorkGroupSize.x / 2u; stride > 0u; stride /= 2u) {
    barrier();
    if (own < stride) range[own] = joined(range[own], range[own + stride]);
  }
  barrier();
  return range[0];
}

// Ties away from zero, of numbers whose codes are in range or at its ends.
int nearest_away(uint value) {
  if (f32_is_nan(value)) return 0;
  const uint magnitude = f32_abs(value);
  if (f32_less(0x44800000u, magnitude)) return value == magnitude ? 1024 : -1024;
  int whole = f32_nearest_int(magnitude);
  // To even rounded a tie down where the number is half more than what it gave.
  if (f32_sub(magnitude, f32_from_int(whole)) == kHalf) whole += 1;
  return value == magnitude ? whole : -whole;
}

void main() {
  const uint m = group_number();
  if (m >= M) return;  // for the whole work group
  const uvec2 ends = range_of_row(m);
  const uint width = f32_sub(ends.y, ends.x);
  const uint scale = f32_is_zero(width) ? kOne : f32_div(k255, width);
  const uint inverse = f32_div(kOne, scale);
  const uint low = f32_mul(ends.x, scale), high = f32_mul(ends.y, scale);
  const uint error = f32_add(f32_add(kMinus128, low), f32_add(k127, high));
  const uint exact = f32_less(0u, error) ? f32_sub(kMinus128, low) : f32_sub(k127, high);
  const int zp = f32_nearest_int(f32_min(f32_max(exact, kMinus128), k127));
  for (uint k = gl_LocalInvocationID.x; k < K; k += gl_WorkGroupSize.x) {
    const int code = clamp(nearest_away(f32_mul(x[m * K + k], scale)) + zp, -128, 127);
    y[kFirst + m * K + k] = f32_mul(f32_from_int(code - zp), inverse);
  }
}
