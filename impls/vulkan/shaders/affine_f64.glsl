// What quantize_affine and dequantize_affine with scales in f64 share: as affine.glsl, but a scale is two words.
#include "grid.glsl"
#include "soft_float.glsl"
#include "soft_f64.glsl"
#include "torch_elements.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };      // bits of f32
layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };  // bits of f64, lower half first, one a block
layout(std430, binding = 3) readonly buffer Shifts { uint shift[]; };  // bits of f32, one a block, or one word for none
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // elements of output
  uint columns;
  uint block_rows;
  uint group;
  uint out_type;
  uint shifted;      // 1: there are zero points
  uint round_first;  // 1: the zero point is added to a rounded number
  uint low;          // range of codes, bits of f32
  uint high;
};

// What the shader computes: the mapped value of an element of that block, as f32 rounded to the output's type.
uint mapped(uint value, uint block);

Wide scale_of(uint block) { return wide_from_f64(uvec2(scale[2u * block + 1u], scale[2u * block])); }

uint element(uint i) { return mapped(x[i], i / columns / block_rows * (columns / group) + i % columns / group); }

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(out_type, w, count);
}
