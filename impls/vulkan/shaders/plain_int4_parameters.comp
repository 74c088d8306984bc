// A parameter of each group (`part`: kScale, kZeroPoint, kMin): an invocation makes one word. All arithmetic is done in
// integers, so every rounding is the prescribed one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "plain_int4.glsl"

const uint kScale = 0u, kZeroPoint = 1u;
const uint kEight = 0x41000000u, kFifteen = 0x41700000u;

struct Range {
  uint min, max;  // NaN if an element is
};

Range range_of(uint row, uint first) {
  Range range = Range(kInf, kInf | kSign);
  const uint last = min(first + group, columns);
  for (uint k = first; k < last; ++k) {
    const uint value = x[row * columns + k];
    if (f32_is_nan(value)) return Range(kNaN, kNaN);
    range = Range(f32_min(range.min, value), f32_max(range.max, value));
  }
  return range;
}

uint element(uint i) {
  if (symmetric != 0u && part != kScale) return 0u;
  const Range range = range_of(i % rows, i / rows * group);
  uint width = f32_sub(range.max, range.min);
  if (symmetric != 0u) width = f32_is_nan(range.min) ? kNaN : f32_max(f32_neg(range.min), range.max);
  const uint scale = f32_div(at_least(width, 0x358637bdu), symmetric != 0u ? kEight : kFifteen);  // 1e-6
  if (part == kScale) return round_as(type, scale);
  return round_as(type, part == kZeroPoint ? f32_add(range.min, f32_mul(scale, kEight)) : range.min);
}

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(type, w, count);
}
