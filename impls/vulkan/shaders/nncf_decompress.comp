// result[i] = f16((code[i] - zero_point[row]) * scale[row]), rounded once more to the result's type: an invocation makes
// one word, that is one f32 or two elements of 16 bits.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Result { uint result[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };           // bits of f32; their values are f16s
layout(std430, binding = 3) readonly buffer ZeroPoints { uint zero_points[]; };  // packed as the codes
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // of codes
  uint columns;
  uint bits;
  uint flip;        // turns stored codes into unsigned ones: 128 for two's complement
  uint asymmetric;  // there are zero points
  uint kind;        // of the result
};

const uint kF32 = 0u, kF16 = 1u;  // and bf16

uint stored_code(uint word, uint i) { return word >> (i % (32 / bits) * bits) & ((1u << bits) - 1); }

// f16((code - zero point) * scale), as f32. The product is exact in f32.
uint weight(uint i) {
  const uint row = i / columns, per_word = 32 / bits;
  const int code = int(stored_code(packed[i / per_word], i) ^ flip);
  const int zero_point =
      asymmetric != 0 ? int(stored_code(zero_points[row / per_word], row)) : int(1u << (bits - 1));
  return f32_round_f16(f32_mul(f32_from_int(code - zero_point), scale[row]));
}

uint narrow(uint i) {
  if (i >= count) return 0;
  const uint half_value = weight(i);
  return kind == kF16 ? f16_bits(half_value) : f32_round_bf16(half_value) >> 16;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  result[kFirst + i] = kind == kF32 ? weight(i) : narrow(2 * i) | narrow(2 * i + 1) << 16;
}
