#include "impls/cpu/amx.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace plumb::cpu {

#if defined(__x86_64__)
namespace {

// Linux, arch/x86/include/uapi/asm/prctl.h: leave to use a feature whose state is large.
constexpr int kRequestPermission = 0x1023, kTileData = 18;

bool ask() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kTiles = 1U << 24, kBytes = 1U << 25;
  if ((d & kTiles) == 0 || (d & kBytes) == 0) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool has_amx_int8() {
  static const bool has = ask();
  return has;
}

AmxTiles::AmxTiles() {
  // Palette 1, the first row, zeros, bytes of a row of each of 16 tiles, rows of each.
  alignas(64) std::uint8_t layout[64] = {1};
  for (int tile = 0; tile < 8; ++tile) {
    layout[16 + 2 * tile] = 64;
    layout[48 + tile] = 16;
  }
  asm volatile("ldtilecfg %0" : : "m"(layout));
}

AmxTiles::~AmxTiles() { asm volatile("tilerelease"); }

#else

bool has_amx_int8() { return false; }

#endif

}  // namespace plumb::cpu
