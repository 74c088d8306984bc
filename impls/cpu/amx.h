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

/// low[r, n] = sum_k digits[r, k] low_codes[k, n], likewise high; r, n < 16, over 64 * pieces columns. `digits` are
/// tiles of 16 rows; codes are tiles of 16 quads, which hold four neighbouring k of each n. An AmxTiles is alive.
inline void amx_sum(const std::int8_t* digits, const std::uint8_t* low_codes, const std::uint8_t* high_codes,
                    std::int64_t pieces, std::int32_t* low, std::int32_t* high) {
  const std::int64_t stride = 64;
  asm volatile(
      "tilezero %%tmm0\n\ttilezero %%tmm1\n"
      "0:\n\t"
      "tileloadd (%0,%4,1), %%tmm2\n\t"
      "tileloadd (%1,%4,1), %%tmm3\n\t"
      "tileloadd (%2,%4,1), %%tmm4\n\t"
      "tdpbsud %%tmm3, %%tmm2, %%tmm0\n\t"
      "tdpbsud %%tmm4, %%tmm2, %%tmm1\n\t"
      "add $1024, %0\n\tadd $1024, %1\n\tadd $1024, %2\n\t"
      "dec %3\n\tjnz 0b\n\t"
      "tilestored %%tmm0, (%5,%4,1)\n\t"
      "tilestored %%tmm1, (%6,%4,1)\n"
      : "+r"(digits), "+r"(low_codes), "+r"(high_codes), "+r"(pieces)
      : "r"(stride), "r"(low), "r"(high)
      : "memory", "cc");
}

#endif

}  // namespace plumb::cpu
