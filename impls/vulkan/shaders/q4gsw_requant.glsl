// What both variants of q4gsw_requant share: bindings, and the code of an element.
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Latent { uint latent[]; };  // bits of f32, [rows, columns]
layout(std430, binding = 2) readonly buffer Scales { uint scales[]; };  // bits of f32, [groups, rows]
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;
  uint columns;
  uint group;
};

// clamp(rne(latent / scale), -8, 7) + 8; 8 for scale 0. The quotient is rounded to f32 first, as prescribed.
uint code_of(uint n, uint k) {
  const uint scale = scales[k / group * rows + n];
  const uint quotient = f32_div(latent[n * columns + k], scale);
  if (f32_is_zero(scale) || f32_is_nan(quotient)) return 8u;
  return uint(clamp(f32_nearest_int(quotient), -8, 7) + 8);
}
