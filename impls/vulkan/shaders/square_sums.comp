// Sums of the squares of x and of x - y, which is rounded to the elements' type: two words for each work group's piece.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"

layout(std430, binding = 0) writeonly buffer Output { float y_sum[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };  // bits of f32
layout(std430, binding = 2) readonly buffer Others { uint y[]; };
layout(push_constant) uniform Sizes {
  uint count;
  uint piece;  // elements of a work group
  uint type;
};

shared vec2 part[gl_WorkGroupSize.x];  // a power of two of them

uint element(uint i) { return sub_as(type, x[i], y[i]); }

void main() {
  const uint own = gl_LocalInvocationID.x, first = group_number() * piece;
  if (first >= count) return;  // for the whole work group
  precise vec2 sum = vec2(0);
  const uint last = min(first + piece, count);
  for (uint i = first + own; i < last; i += gl_WorkGroupSize.x) {
    precise const vec2 value = vec2(uintBitsToFloat(x[i]), uintBitsToFloat(element(i)));
    precise const vec2 square = value * value;
    sum = sum + square;
  }
  part[own] = sum;
  for (uint stride = gl_WorkGroupSize.x / 2u; stride > 0u; stride /= 2u) {
    barrier();
    if (own >= stride) continue;
    sum = sum + part[own + stride];
    part[own] = sum;
  }
  if (own != 0u) return;
  y_sum[kFirst + 2u * group_number()] = sum.x;
  y_sum[kFirst + 2u * group_number() + 1u] = sum.y;
}
