// An invocation makes one code.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "aten_int4.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };  // i32, [rows, columns]
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };

void main() {
  const uint at = invocation_number();
  if (at >= words) return;
  const uint row = at / columns / block_rows * block_rows, in_block = at / columns - row, pairs = pairs_of(row);
  const uint pair = has_halves(row) ? in_block % pairs : in_block / 2;
  const uint is_high = has_halves(row) ? in_block / pairs : in_block % 2;
  const uint byte = row * columns / 2 + at % columns * pairs + pair;
  codes[kFirst + at] = packed[byte / 4] >> (8 * (byte % 4) + 4 * is_high) & 15u;
}
