// AMX: tiles of 16 rows of 64 bytes, multiplied by one instruction. Written as assembly, for the assembler knows it
// whatever the compiler is told to compile for.
#pragma once

#include <cstdint>

namespace plumb::cpu {

/// Whether CPU and operating system let this process use AMX on bytes. Asks the latter for leave.
[[nodiscard]] bool has_amx_int8();

#if defined(__x86_64__)

/// All tiles of the calling thread have 16 rows of 64 bytes while one of these lives.
class AmxTiles {
 public:
  AmxTiles();
  ~AmxTiles();
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
};

/// Two tiles of digits: digits[d] + stride * r is where row r begins, and `step` bytes on its next 64 columns.
struct AmxDigits {
  const std::int8_t* digits[2];
  std::int64_t stride, step;
};

/// Sums of two tiles of digits with the same codes, r, n < 16, over 64 * pieces columns:
///   sums[d][0][r, n] = sum_k digits[d][r, k] low_codes[k, n],  sums[d][1][r, n] = sum_k digits[d][r, k] high_codes[k,
///   n].
/// Codes are tiles of 16 quads, which hold four neighbouring k of each n. An AmxTiles is alive.
inline void amx_sum(const AmxDigits& digits, const std::uint8_t* low_codes, const std::uint8_t* high_codes,
                    std::int64_t pieces, std::int32_t* const (&sums)[2]) {
  const std::int64_t row = 64;
  // Early clobbers (&): all but the last four operands are written to while others are still to be read, which might
  // otherwise share a register with one of the same value.
  const std::int8_t *first = digits.digits[0], *second = digits.digits[1];
  asm volatile(
      "tilezero %%tmm0\n\ttilezero %%tmm1\n\ttilezero %%tmm2\n\ttilezero %%tmm3\n"
      "0:\n\t"
      "tileloadd (%2,%5,1), %%tmm6\n\t"
      "tileloadd (%0,%8,1), %%tmm4\n\t"
      "tdpbsud %%tmm6, %%tmm4, %%tmm0\n\t"
      "tileloadd (%1,%8,1), %%tmm5\n\t"
      "tdpbsud %%tmm6, %%tmm5, %%tmm2\n\t"
      "tileloadd (%3,%5,1), %%tmm7\n\t"
      "tdpbsud %%tmm7, %%tmm4, %%tmm1\n\t"
      "tdpbsud %%tmm7, %%tmm5, %%tmm3\n\t"
      "add %9, %0\n\tadd %9, %1\n\tadd $1024, %2\n\tadd $1024, %3\n\t"
      "dec %4\n\tjnz 0b\n\t"
      "tilestored %%tmm0, (%6,%5,1)\n\t"
      "tilestored %%tmm1, 1024(%6,%5,1)\n\t"
      "tilestored %%tmm2, (%7,%5,1)\n\t"
      "tilestored %%tmm3, 1024(%7,%5,1)\n"
      : "+&r"(first), "+&r"(second), "+&r"(low_codes), "+&r"(high_codes), "+&r"(pieces)
      : "r"(row), "r"(sums[0]), "r"(sums[1]), "r"(digits.stride), "r"(digits.step)
      : "memory", "cc");
}

#endif

}  // namespace plumb::cpu
