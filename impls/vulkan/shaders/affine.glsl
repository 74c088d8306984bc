// What quantize_affine, dequantize_affine and their tinygemm forms share: an invocation makes one word of output. Values, scales
// and zero points come as f32, exactly; all arithmetic is done in integers, so every rounding is the prescribed one.
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };       // bits of f32
layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };   // bits of f32, one a block
layout(std430, binding = 3) readonly buffer Shifts { uint shift[]; };   // bits of f32, one a block, or one word for none
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // elements of output
  uint columns;
  uint block_rows;
  uint group;
  uint out_type;
  uint scale_type;
  uint scaling_type;   // of products with the scale
  uint shifting_type;  // of sums with the zero point
  uint shifted;        // 1: there are zero points
  uint round_first;    // 1: the zero point is added to a rounded number
  uint low;            // range of codes, bits of f32
  uint high;
  uint middle;  // tinygemm: the code that the zero point stands for, bits of f32
};

// What the shader computes: the mapped value of an element of that block, as f32 rounded to the output's type.
uint mapped(uint value, uint block);

uint element(uint i) { return mapped(x[i], i / columns / block_rows * (columns / group) + i % columns / group); }

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(out_type, w, count);
}
