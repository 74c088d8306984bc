// IEEE 754 binary32 arithmetic on bit patterns, in integers alone: bit for bit the same on every device.
//
// Vulkan lets a device round f32 operations either way, flush subnormals, and be off by 2.5 ulp in a division. Where an
// operator prescribes every rounding, that is not good enough. All roundings here are to nearest, ties to even;
// subnormals are kept; overflow gives infinity; every NaN is kNaN.
// Source: IEEE 754-2019, sections 4.3.1, 5.4.1 and 6; the method is that of J. Hauser's SoftFloat, written anew.

const uint kNaN = 0x7fc00000u, kInf = 0x7f800000u, kSign = 0x80000000u;

bool f32_is_nan(uint x) { return (x & ~kSign) > kInf; }
bool f32_is_inf(uint x) { return (x & ~kSign) == kInf; }
bool f32_is_zero(uint x) { return (x & ~kSign) == 0u; }
uint f32_neg(uint x) { return x ^ kSign; }
uint f32_abs(uint x) { return x & ~kSign; }

// a < b, for numbers that are not NaN. -0 and 0 are equal.
bool f32_less(uint a, uint b) {
  if (f32_is_zero(a) && f32_is_zero(b)) return false;
  const bool negative = (a & kSign) != 0u;
  if (negative != ((b & kSign) != 0u)) return negative;
  return negative ? b < a : a < b;
}
uint f32_min(uint a, uint b) { return f32_less(b, a) ? b : a; }
uint f32_max(uint a, uint b) { return f32_less(a, b) ? b : a; }

// x >> n for any n >= 0; what is shifted out stays visible in the lowest bit.
uint shift_right_sticky(uint x, int n) {
  if (n >= 32) return x != 0u ? 1u : 0u;
  if (n == 0) return x;
  return (x >> n) | ((x << (32 - n)) != 0u ? 1u : 0u);
}

// A finite number that is not zero is significand * 2^(exponent - 31); the significand has its bit 31 set.
struct Unpacked {
  int exponent;
  uint significand;
};

Unpacked f32_unpack(uint x) {
  const uint field = (x >> 23) & 0xffu, fraction = x & 0x7fffffu;
  if (field != 0u) return Unpacked(int(field) - 127, (fraction | 0x800000u) << 8);
  const int msb = findMSB(fraction);
  return Unpacked(msb - 149, fraction << (31 - msb));
}

// Rounds significand * 2^(exponent - 31); significand has its bit 31 set, and a lowest bit that stands for all below it.
uint f32_pack(uint sign, int exponent, uint significand) {
  const int biased = exponent + 127;
  if (biased > 254) return sign | kInf;
  if (biased < 1) significand = shift_right_sticky(significand, 1 - biased);
  uint kept = significand >> 8;
  const uint rest = significand & 0xffu;
  if (rest > 0x80u || (rest == 0x80u && (kept & 1u) != 0u)) kept += 1u;
  // The significand's leading bit, or a carry out of it, adds one to the exponent field.
  return sign | (kept + (uint(max(biased, 1) - 1) << 23));
}

uint f32_mul(uint a, uint b) {
  const uint sign = (a ^ b) & kSign;
  if (f32_is_nan(a) || f32_is_nan(b)) return kNaN;
  if (f32_is_inf(a) || f32_is_inf(b)) return f32_is_zero(a) || f32_is_zero(b) ? kNaN : sign | kInf;
  if (f32_is_zero(a) || f32_is_zero(b)) return sign;
  const Unpacked x = f32_unpack(a), y = f32_unpack(b);
  uint high, low;
  umulExtended(x.significand, y.significand, high, low);
  int exponent = x.exponent + y.exponent + 1;
  if ((high & kSign) == 0u) {
    high = high << 1 | low >> 31;
    low <<= 1;
    exponent -= 1;
  }
  return f32_pack(sign, exponent, high | (low != 0u ? 1u : 0u));
}

uint f32_div(uint a, uint b) {
  const uint sign = (a ^ b) & kSign;
  if (f32_is_nan(a) || f32_is_nan(b)) return kNaN;
  if (f32_is_inf(a)) return f32_is_inf(b) ? kNaN : sign | kInf;
  if (f32_is_inf(b)) return sign;
  if (f32_is_zero(b)) return f32_is_zero(a) ? kNaN : sign | kInf;
  if (f32_is_zero(a)) return sign;
  const Unpacked x = f32_unpack(a), y = f32_unpack(b);
  int exponent = x.exponent - y.exponent;
  // 24 bits each, so that the remainder never overflows.
  uint remainder = x.significand >> 8, divisor = y.significand >> 8, quotient = 0u;
  if (remainder < divisor) {
    remainder <<= 1;
    exponent -= 1;
  }
  for (int i = 0; i < 32; ++i) {
    quotient <<= 1;
    if (remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1u;
    }
    remainder <<= 1;
  }
  return f32_pack(sign, exponent, quotient | (remainder != 0u ? 1u : 0u));
}

uint f32_add(uint a, uint b) {
  if (f32_is_nan(a) || f32_is_nan(b)) return kNaN;
  if (f32_is_inf(a)) return f32_is_inf(b) && a != b ? kNaN : a;
  if (f32_is_inf(b)) return b;
  if (f32_is_zero(a)) return f32_is_zero(b) ? a & b : b;  // -0 only from two of them
  if (f32_is_zero(b)) return a;
  if ((a & ~kSign) < (b & ~kSign)) {
    const uint larger = b;
    b = a;
    a = larger;
  }
  const Unpacked x = f32_unpack(a), y = f32_unpack(b);
  const uint big = x.significand >> 1, small = shift_right_sticky(y.significand >> 1, x.exponent - y.exponent);
  const uint sum = ((a ^ b) & kSign) == 0u ? big + small : big - small;
  if (sum == 0u) return 0u;
  const int shift = 31 - findMSB(sum);
  return f32_pack(a & kSign, x.exponent + 1 - shift, sum << shift);
}

uint f32_sub(uint a, uint b) { return f32_add(a, f32_neg(b)); }

// The nearest integer, ties to even; beyond the range of int, its nearest end. Not for NaN.
int f32_nearest_int(uint x) {
  if (f32_is_zero(x)) return 0;
  const bool negative = (x & kSign) != 0u;
  if (f32_abs(x) >= 0x4f000000u) return negative ? -2147483647 - 1 : 2147483647;  // |x| >= 2^31
  const Unpacked u = f32_unpack(x);
  if (u.exponent >= 29) {  // f32 has no fraction there
    const int whole = int(u.significand >> (31 - u.exponent));
    return negative ? -whole : whole;
  }
  // Two bits below the point: a half, and everything under it.
  const uint quarters = shift_right_sticky(u.significand, 29 - u.exponent);
  const uint whole = quarters >> 2, rest = quarters & 3u;
  const int magnitude = int(whole + (rest > 2u || (rest == 2u && (whole & 1u) != 0u) ? 1u : 0u));
  return negative ? -magnitude : magnitude;
}

uint f32_from_int(int value) {
  if (value == 0) return 0u;
  const uint magnitude = value < 0 ? uint(-(value + 1)) + 1u : uint(value);
  const int msb = findMSB(magnitude);
  return f32_pack(value < 0 ? kSign : 0u, msb, magnitude << (31 - msb));
}

// The nearest integer as f32; keeps the sign of zero, infinities and NaN.
uint f32_rint(uint x) {
  if (f32_abs(x) >= 0x4b000000u) return f32_is_nan(x) ? kNaN : x;  // |x| >= 2^23: whole already
  return (x & kSign) | f32_abs(f32_from_int(f32_nearest_int(x)));
}

// Rounded to bf16, as f32. Its bits are the upper half.
uint f32_round_bf16(uint x) {
  if (f32_is_nan(x)) return kNaN;
  return (x + 0x7fffu + ((x >> 16) & 1u)) & 0xffff0000u;
}

// Rounded to f16, as f32.
uint f32_round_f16(uint x) {
  if (f32_is_nan(x)) return kNaN;
  const uint sign = x & kSign, magnitude = x & ~kSign;
  if (magnitude < 0x38800000u) {  // below 2^-14: multiples of 2^-24
    const int quanta = f32_nearest_int(f32_mul(magnitude, 0x4b800000u));
    return sign | f32_mul(f32_from_int(quanta), 0x33800000u);
  }
  const uint rounded = (magnitude + 0xfffu + ((magnitude >> 13) & 1u)) & ~0x1fffu;
  return sign | (rounded >= 0x47800000u ? kInf : rounded);
}

// The 16 bits of a number that f32_round_f16 gave.
uint f16_bits(uint x) {
  if (f32_is_nan(x)) return 0x7e00u;
  const uint sign = (x >> 16) & 0x8000u, magnitude = x & ~kSign;
  if (magnitude == kInf) return sign | 0x7c00u;
  if (magnitude < 0x38800000u) return sign | uint(f32_nearest_int(f32_mul(magnitude, 0x4b800000u)));
  return sign | ((magnitude - 0x38000000u) >> 13);
}

uint f32_from_f16(uint bits) {
  const uint sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  if (magnitude > 0x7c00u) return kNaN;
  if (magnitude == 0x7c00u) return sign | kInf;
  if (magnitude < 0x400u) return sign | f32_mul(f32_from_int(int(magnitude)), 0x33800000u);
  return sign | ((magnitude << 13) + 0x38000000u);
}
