// What IEEE 754 binary64 arithmetic gives where an f32 meets an f64 that is a scale, in integers alone. Include
// soft_float.glsl first. Results have the 53 bits of f64 but any exponent: what f64 would make infinite, or subnormal,
// is beyond both ends of the f32 numbers and codes that are made of it.

// (-1)^sign * (high 2^32 + low) 2^(exponent - 63); bit 31 of `high` is set. Or none of that.
struct Wide {
  uint kind;
  uint sign;  // 0 or kSign
  int exponent;
  uint high, low;
};

const uint kNumber = 0u, kNothing = 1u, kEndless = 2u, kNoNumber = 3u;

Wide wide_of(uint kind, uint sign) { return Wide(kind, sign, 0, 0u, 0u); }

// bits: upper half first. Subnormals of f64 are taken for zero: no f32 times one of them, and none divided by a number
// whose reciprocal is one, reaches f32's smallest.
Wide wide_from_f64(uvec2 bits) {
  const uint sign = bits.x & kSign, field = (bits.x >> 20) & 0x7ffu;
  if (field == 0x7ffu) return wide_of((bits.x & 0xfffffu) != 0u || bits.y != 0u ? kNoNumber : kEndless, sign);
  if (field == 0u) return wide_of(kNothing, sign);
  return Wide(kNumber, sign, int(field) - 1023, kSign | (bits.x & 0xfffffu) << 11 | bits.y >> 21, bits.y << 11);
}

Wide wide_from_f32(uint x) {
  const uint sign = x & kSign;
  if (f32_is_nan(x)) return wide_of(kNoNumber, 0u);
  if (f32_is_inf(x)) return wide_of(kEndless, sign);
  if (f32_is_zero(x)) return wide_of(kNothing, sign);
  const Unpacked u = f32_unpack(x);
  return Wide(kNumber, sign, u.exponent, u.significand, 0u);
}

// Rounds a significand to its upper 53 bits, ties to even; its lowest bit stands for all below it.
Wide wide_rounded(uint sign, int exponent, uint high, uint low) {
  const uint rest = low & 0x7ffu;
  low &= ~0x7ffu;
  if (rest > 0x400u || (rest == 0x400u && (low & 0x800u) != 0u)) {
    low += 0x800u;
    if (low == 0u) high += 1u;
    if (low == 0u && high == 0u) return Wide(kNumber, sign, exponent + 1, kSign, 0u);
  }
  return Wide(kNumber, sign, exponent, high, low);
}

// `a` comes from an f32: it has 32 bits at most.
Wide wide_mul(Wide a, Wide b) {
  const uint sign = a.sign ^ b.sign, kind = max(a.kind, b.kind);
  if (kind == kNoNumber || (kind == kEndless && min(a.kind, b.kind) == kNothing)) return wide_of(kNoNumber, 0u);
  if (kind == kEndless) return wide_of(kEndless, sign);
  if (kind == kNothing) return wide_of(kNothing, sign);
  uint high, middle, above, lowest;
  umulExtended(a.high, b.high, high, middle);
  umulExtended(a.high, b.low, above, lowest);
  uint carry;
  middle = uaddCarry(middle, above, carry);
  high += carry;
  int exponent = a.exponent + b.exponent + 1;
  if ((high & kSign) == 0u) {
    high = high << 1 | middle >> 31;
    middle = middle << 1 | lowest >> 31;
    lowest <<= 1;
    exponent -= 1;
  }
  return wide_rounded(sign, exponent, high, middle | (lowest != 0u ? 1u : 0u));
}

// (high, low) >> n for any n >= 0; what is shifted out stays visible in the lowest bit.
uvec2 wide_shift_right_sticky(uint high, uint low, int n) {
  if (n >= 32) return uvec2(0u, shift_right_sticky(high, n - 32) | (low != 0u ? 1u : 0u));
  if (n == 0) return uvec2(high, low);
  return uvec2(high >> n, high << (32 - n) | low >> n | ((low << (32 - n)) != 0u ? 1u : 0u));
}

// Of two numbers, the first no smaller in magnitude.
Wide wide_add_ordered(Wide a, Wide b) {
  const uvec2 big = wide_shift_right_sticky(a.high, a.low, 1);
  const uvec2 half_b = wide_shift_right_sticky(b.high, b.low, 1);
  const uvec2 small = wide_shift_right_sticky(half_b.x, half_b.y, a.exponent - b.exponent);
  uint high, low, carry;
  if (a.sign == b.sign) {
    low = uaddCarry(big.y, small.y, carry);
    high = big.x + small.x + carry;
  } else {
    low = usubBorrow(big.y, small.y, carry);
    high = big.x - small.x - carry;
  }
  if (high == 0u && low == 0u) return wide_of(kNothing, 0u);
  int exponent = a.exponent + 1;
  if (high == 0u) {
    high = low;
    low = 0u;
    exponent -= 32;
  }
  const int shift = 31 - findMSB(high);
  if (shift > 0) {
    high = high << shift | low >> (32 - shift);
    low <<= shift;
    exponent -= shift;
  }
  return wide_rounded(a.sign, exponent, high, low);
}

Wide wide_add(Wide a, Wide b) {
  if (a.kind == kNoNumber || b.kind == kNoNumber) return wide_of(kNoNumber, 0u);
  if (a.kind == kEndless || b.kind == kEndless) {
    if (a.kind == b.kind && a.sign != b.sign) return wide_of(kNoNumber, 0u);
    return a.kind == kEndless ? a : b;
  }
  if (a.kind == kNothing) return b;  // the sign of a zero is nothing to a code
  if (b.kind == kNothing) return a;
  const bool less = a.exponent != b.exponent ? a.exponent < b.exponent
                    : a.high != b.high       ? a.high < b.high
                                             : a.low < b.low;
  if (less) return wide_add_ordered(b, a);
  return wide_add_ordered(a, b);
}

// The nearest integer, ties to even; beyond 2^20, its nearest end. NaN gives 0.
int wide_nearest_int(Wide a) {
  if (a.kind == kNothing || a.kind == kNoNumber) return 0;
  int magnitude = 1 << 20;
  if (a.kind == kNumber && a.exponent < 20) {
    // Two bits below the point: a half, and everything under it.
    const uint quarters = wide_shift_right_sticky(a.high, a.low, 61 - a.exponent).y;
    const uint whole = quarters >> 2, rest = quarters & 3u;
    magnitude = int(whole + (rest > 2u || (rest == 2u && (whole & 1u) != 0u) ? 1u : 0u));
  }
  return a.sign != 0u ? -magnitude : magnitude;
}

// Rounded to f32.
uint wide_to_f32(Wide a) {
  if (a.kind == kNoNumber) return kNaN;
  if (a.kind == kEndless) return a.sign | kInf;
  if (a.kind == kNothing) return a.sign;
  return f32_pack(a.sign, a.exponent, a.high | (a.low != 0u ? 1u : 0u));
}
