// Elements of any type in words of output, and arithmetic rounded to a floating-point type. Include soft_float.glsl
// first. Element types are numbered as in plumbline.h.

const uint kU8 = 1u, kI8 = 2u, kI32 = 3u, kI64 = 4u, kF16 = 5u, kBf16 = 6u, kF32 = 7u, kF64 = 8u;

// An f32 rounded to a floating-point type; integers and f64 hold what is an f32.
uint round_as(uint type, uint x) {
  if (type == kF16) return f32_round_f16(x);
  if (type == kBf16) return f32_round_bf16(x);
  return x;
}
uint add_as(uint type, uint a, uint b) { return round_as(type, f32_add(a, b)); }
uint sub_as(uint type, uint a, uint b) { return round_as(type, f32_sub(a, b)); }
uint mul_as(uint type, uint a, uint b) { return round_as(type, f32_mul(a, b)); }
uint div_as(uint type, uint a, uint b) { return round_as(type, f32_div(a, b)); }

// NaN stays NaN.
uint at_least(uint x, uint low) { return f32_is_nan(x) ? x : f32_max(x, low); }
uint clamped(uint x, uint low, uint high) { return f32_is_nan(x) ? x : f32_min(f32_max(x, low), high); }

uint elements_per_word(uint type) { return type == kU8 || type == kI8 ? 4u : type == kF16 || type == kBf16 ? 2u : 1u; }

// The bits of an f32 as f64, upper half first. Subnormals of f32 are normal there.
uvec2 f64_bits(uint x) {
  const uint sign = x & kSign;
  if (f32_is_nan(x)) return uvec2(0x7ff80000u, 0u);
  if (f32_is_inf(x)) return uvec2(sign | 0x7ff00000u, 0u);
  if (f32_is_zero(x)) return uvec2(sign, 0u);
  const Unpacked u = f32_unpack(x);
  const uint fraction = u.significand << 1;
  return uvec2(sign | uint(u.exponent + 1023) << 20 | fraction >> 12, fraction << 20);
}

// Word `half_of_wide` (0: lower) of an element, from its value as f32 rounded to the type, in the word's lowest bits.
uint element_bits(uint type, uint value, uint half_of_wide) {
  if (type == kF32) return value;
  if (type == kBf16) return value >> 16;
  if (type == kF16) return f16_bits(value);
  if (type == kF64) return half_of_wide == 0u ? f64_bits(value).y : f64_bits(value).x;
  const int whole = f32_is_nan(value) ? 0 : f32_nearest_int(value);
  if (type == kI64 && half_of_wide == 1u) return whole < 0 ? 0xffffffffu : 0u;
  return type == kU8 || type == kI8 ? uint(whole) & 0xffu : uint(whole);
}

// What the shader computes: element i of the output, as f32 rounded to the output's type.
uint element(uint i);

// Word w of an output of `count` elements.
uint word_of_elements(uint type, uint w, uint count) {
  const bool wide = type == kI64 || type == kF64;
  const uint per_word = elements_per_word(type), first = wide ? w / 2u : w * per_word;
  uint word = 0u;
  for (uint e = 0u; e < per_word && first + e < count; ++e) {
    word |= element_bits(type, element(first + e), w % 2u) << (e * (32u / per_word));
  }
  return word;
}
