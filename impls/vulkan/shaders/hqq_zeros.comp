// quantize_hqq: an invocation follows one group through all iterations. Its 2 + 2 * iterations words of output are the
// scale, the first zero, and for each iteration the next zero and the sum of |w - dequantised|; the host, which sees
// all groups, decides which iteration was the last. All arithmetic is done in integers.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "hqq_groups.glsl"

layout(std430, binding = 2) readonly buffer Shrinkages { uint shrinkage[]; };  // one an iteration, bits of f32

const uint kOne = 0x3f800000u, kTenth = 0x3dcccccdu;
const uint kLogarithmPart = 0x2e8df49eu;  // 1.19e-8 ln 2 / 128

struct Range {
  uint min, max;  // NaN if an element is
};

Range range_of(uint g) {
  Range range = Range(kInf, kInf | kSign);
  for (uint i = 0u; i < group; ++i) {
    const uint value = value_of(g, i);
    if (f32_is_nan(value)) return Range(kNaN, kNaN);
    range = Range(f32_min(range.min, value), f32_max(range.max, value));
  }
  return range;
}

// m^-0.3, the exponent rounded to f32, for m > 1/8, within two units in the last place.
//
// With m = u * 2^(10 k), 1/8 <= u < 128: m^-0.3 = z * 2^(-3 k), z = u^-0.3, the zero of 1 - u^3 z^10. Newton's step
// z += z (1 - u^3 z^10) / 10 turns a relative error e into 5.5 e^2; the first guess is taken from the logarithm that the
// bits of a float are, and off by a twentieth.
uint power_minus_three_tenths(uint m) {
  const uint k = ((m >> 23) - 124u) / 10u;
  const uint u = m - (10u * k << 23);
  uint z = 1384539750u - u / 10u * 3u;  // 165.05 * 2^23
  const uint u3 = f32_mul(f32_mul(u, u), u);
  for (int step = 0; step < 4; ++step) {
    uint square = 0u, power = z;
    for (int i = 0; i < 3; ++i) {
      power = f32_mul(power, power);
      if (i == 0) square = power;
    }
    const uint rest = f32_sub(kOne, f32_mul(u3, f32_mul(power, square)));
    z = f32_add(z, f32_mul(f32_mul(z, rest), kTenth));
  }
  z -= 3u * k << 23;
  // f32(-0.3) is -0.3 - 1.19e-8: m^-1.19e-8 = 1 - 1.19e-8 ln m, to first order; the logarithm in 128ths.
  const uint log2 = f32_from_int(int(m >> 16) - (127 << 7));
  return f32_sub(z, f32_mul(z, f32_mul(log2, kLogarithmPart)));
}

// sign(d) * max(|d| - b |d|^-0.3, 0), which is 0 for |d| <= 1/8 since b > 1/13. NaN stays NaN.
uint shrunk(uint d, uint b) {
  const uint m = f32_abs(d);
  if (f32_is_nan(d)) return kNaN;
  if (m <= 0x3e000000u) return 0u;
  const uint rest = f32_sub(m, f32_mul(b, power_minus_three_tenths(m)));
  return f32_less(rest, 0u) ? 0u : rest | (d & kSign);
}

// The next zero of a group (x) and its sum of errors (y).
uvec2 step_of(uint g, uint scale, uint zero, uint b) {
  uvec2 sums = uvec2(0u);
  for (uint i = 0u; i < group; ++i) {
    const uint w = value_of(g, i);
    const uint q = clamped(f32_rint(f32_add(f32_mul(w, scale), zero)), low, high);
    const uint d = f32_sub(w, f32_div(f32_sub(q, zero), scale));
    const uvec2 terms = uvec2(f32_sub(q, f32_mul(f32_sub(w, shrunk(d, b)), scale)), f32_abs(d));
    for (uint part = 0u; part < 2u; ++part) sums[part] = f32_add(sums[part], terms[part]);
  }
  return uvec2(f32_div(sums.x, f32_from_int(int(group))), sums.y);
}

void main() {
  const uint g = invocation_number();
  if (g >= groups) return;
  const uint first = kFirst + g * (2u + 2u * iterations);
  const Range range = range_of(g);
  // As torch divides a number by a tensor; at most 20000.
  uint scale = f32_mul(f32_div(kOne, f32_sub(range.max, range.min)), high);
  if (!f32_is_nan(scale)) scale = f32_min(scale, 0x469c4000u);
  uint zero = f32_mul(f32_neg(range.min), scale);
  if (option != 0u) zero = f32_rint(zero);
  y[first] = iterations == 0u ? round_as(type, scale) : scale;
  y[first + 1u] = iterations == 0u ? round_as(type, zero) : zero;
  for (uint i = 0u; i < iterations; ++i) {
    const uvec2 next = step_of(g, scale, zero, shrinkage[i]);
    zero = next.x;
    y[first + 2u + 2u * i] = next.x;
    y[first + 3u + 2u * i] = next.y;
  }
}
