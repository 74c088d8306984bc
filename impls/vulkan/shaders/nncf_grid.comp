// The scale (part 0) or the zero point (part 1) of a group: an invocation makes one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "nncf_groups.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint result[]; };
layout(std430, binding = 1) readonly buffer Weight { uint weight[]; };  // bits of f32

const uint kEpsilon = 0x34000000u;  // 2^-23

struct Limits {
  uint low, high;  // kNaN if one weight is NaN
};

Limits limits_of(uint group_index) {
  Limits limits = Limits(kInf, kInf | kSign);
  for (uint k = 0; k < group; ++k) {
    const uint w = weight[element_of(group_index, k)];
    if (f32_is_nan(w)) return Limits(kNaN, kNaN);
    limits = Limits(f32_min(limits.low, w), f32_max(limits.high, w));
  }
  return limits;
}

uint at_least_epsilon(uint scale) { return f32_abs(scale) < kEpsilon ? kEpsilon : scale; }

// m = |low|; (m >= high ? m : -high) / 2^(bits - 1)
uint symmetric_scale(Limits limits) {
  if (f32_is_nan(limits.low)) return kNaN;
  const uint m = f32_abs(limits.low), larger = f32_less(m, limits.high) ? f32_neg(limits.high) : m;
  return at_least_epsilon(f32_div(larger, f32_from_int(int(1u << (bits - 1)))));
}

// (high - low) / (2^bits - 1), where `limits` include 0
uint asymmetric_scale(Limits limits) {
  return at_least_epsilon(f32_div(f32_sub(limits.high, limits.low), f32_from_int(int(highest_code()))));
}

// clip(-round(low / scale))
uint zero_point(Limits limits) {
  const uint quotient = f32_div(limits.low, asymmetric_scale(limits));
  if (f32_is_nan(quotient)) return 0;
  return uint(clamp(-max(f32_nearest_int(quotient), -int(highest_code())), 0, int(highest_code())));
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  Limits limits = limits_of(i);
  if (asymmetric != 0 && !f32_is_nan(limits.low)) limits = Limits(f32_min(limits.low, 0u), f32_max(limits.high, 0u));
  if (part == 1) {
    result[kFirst + i] = zero_point(limits);
  } else {
    result[kFirst + i] = asymmetric != 0 ? asymmetric_scale(limits) : symmetric_scale(limits);
  }
}
