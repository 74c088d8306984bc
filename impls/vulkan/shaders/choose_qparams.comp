// choose_qparams_affine and choose_qparams_tinygemm: an invocation makes one word of scales or of zero points. All
// arithmetic is done in integers, so every rounding is the prescribed one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Values { uint x[]; };  // bits of f32
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // elements of output
  uint columns;
  uint block_rows;
  uint group;
  uint out_type;
  uint type;           // of the values and of the arithmetic
  uint mapping;        // in the order of choose_qparams_affine's words; then tinygemm
  uint preserve_zero;  // 1: the range of values is widened to hold zero
  uint wants_scale;    // 1: scales are asked for, 0: zero points
  uint low;            // range of codes, bits of f32, as all that follow
  uint high;
  uint levels;       // high - low
  uint half_levels;  // levels / 2
  uint middle;       // zero point of symmetric mappings; tinygemm: the code that the zero point stands for
  uint eps;          // of the values' type
};

const uint kSymmetric = 0u, kSymmetricNoClippingErr = 1u, kAsymmetricLeastError = 3u, kAbsmax = 4u,
           kAsymmetricStretched = 5u, kTinygemm = 6u;

struct Range {
  uint min, max;  // NaN if an element is
};

Range range_of(uint block) {
  const uint blocks_a_row = columns / group;
  const uint first = block / blocks_a_row * block_rows * columns + block % blocks_a_row * group;
  Range range = Range(kInf, kInf | kSign);
  for (uint row = 0u; row < block_rows; ++row) {
    for (uint k = 0u; k < group; ++k) {
      const uint value = x[first + row * columns + k];
      if (f32_is_nan(value)) return Range(kNaN, kNaN);
      range = Range(f32_min(range.min, value), f32_max(range.max, value));
    }
  }
  return preserve_zero == 0u ? range : Range(f32_min(range.min, 0u), f32_max(range.max, 0u));
}

bool is_symmetric() { return mapping == kSymmetric || mapping == kSymmetricNoClippingErr || mapping == kAbsmax; }

// a / b, twice. (Drivers inline all calls: code that divides in few places is compiled sooner.)
uvec2 quotients(uvec2 a, uvec2 b) {
  uvec2 result;
  for (uint i = 0u; i < 2u; ++i) result[i] = div_as(type, a[i], b[i]);
  return result;
}

bool is_less(uint a, uint b) { return !f32_is_nan(a) && !f32_is_nan(b) && f32_less(a, b); }

uint scale_of(Range range) {
  const uint magnitude = f32_is_nan(range.min) ? kNaN : f32_max(f32_neg(range.min), range.max);
  uvec2 dividend = uvec2(range.min, range.max), divisor = uvec2(low, high);
  if (mapping == kAbsmax) {
    dividend.x = at_least(magnitude, eps);
    divisor.x = high;
  } else if (mapping == kSymmetric) {
    dividend.x = magnitude;
    divisor.x = half_levels;
  } else if (mapping != kSymmetricNoClippingErr) {
    dividend.x = sub_as(type, range.max, range.min);
    divisor.x = levels;
  }
  const uvec2 quotient = quotients(dividend, divisor);
  if (mapping == kAbsmax) return quotient.x;
  const bool second = mapping == kSymmetricNoClippingErr && !is_less(quotient.y, quotient.x);
  return at_least(second ? quotient.y : quotient.x, eps);
}

// Not for symmetric mappings.
uint zero_point_of(Range range, uint scale) {
  if (mapping == kTinygemm) return add_as(type, range.min, mul_as(type, scale, middle));
  uvec2 ends = quotients(uvec2(range.min, range.max), uvec2(scale, scale));
  bool from_min = true;
  if (mapping == kAsymmetricLeastError) {
    from_min = is_less(0u, add_as(type, add_as(type, low, ends.x), add_as(type, high, ends.y)));
  } else {
    ends.x = f32_rint(ends.x);
  }
  const uint exact = sub_as(type, from_min ? low : high, from_min ? ends.x : ends.y);
  return f32_rint(clamped(exact, low, high));
}

// A scale of 0, or without a reciprocal, becomes 0.1; a small one 6.1e-5, and the range is stretched to it.
uint stretch(inout Range range, uint scale) {
  const uint least = round_as(type, 0x387fda40u);
  const uvec2 factors = quotients(uvec2(0x3f800000u, least), uvec2(scale, scale));  // reciprocal, amplifier
  if (f32_is_zero(scale) || f32_is_inf(factors.x)) return round_as(type, 0x3dcccccdu);
  if (!is_less(scale, least)) return scale;
  const uint whole = mul_as(type, least, levels);
  if (f32_is_zero(range.min)) {
    range.max = whole;
  } else if (f32_is_zero(range.max)) {
    range.min = f32_neg(whole);
  } else {
    range = Range(mul_as(type, range.min, factors.y), mul_as(type, range.max, factors.y));
  }
  return least;
}

uint stretched_element(Range range) {
  const uint scale = stretch(range, div_as(type, sub_as(type, range.max, range.min), levels));
  if (wants_scale != 0u) return scale;
  const uvec2 ends = quotients(uvec2(range.min, range.max), uvec2(scale, scale));
  const bool from_min = is_less(add_as(type, f32_abs(low), f32_abs(ends.x)), add_as(type, f32_abs(high), f32_abs(ends.y)));
  const uint exact = sub_as(type, from_min ? low : high, from_min ? ends.x : ends.y);
  return f32_rint(clamped(exact, low, high));
}

uint element(uint i) {
  if (wants_scale == 0u && is_symmetric()) return mapping == kAbsmax ? 0u : middle;
  const Range range = range_of(i);
  if (mapping == kAsymmetricStretched) return round_as(out_type, stretched_element(range));
  const uint scale = scale_of(range);
  return round_as(out_type, wants_scale != 0u ? scale : zero_point_of(range, scale));
}

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(out_type, w, count);
}
