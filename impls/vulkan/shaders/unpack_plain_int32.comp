// codes[8w + i] = bits 4i … 4i + 3 of packed[w], in two's complement if is_signed: an invocation makes one code.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };  // i32
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint is_signed;
};

void main() {
  const uint k = invocation_number();
  if (k >= words) return;
  const uint code = packed[k / 8] >> (4 * (k % 8)) & 15u;
  const uint sign = is_signed != 0 ? 8u : 0u;
  codes[kFirst + k] = (code ^ sign) - sign;  // extends the sign
}
