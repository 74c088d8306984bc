#include "impls/cpu/byte_products.h"

#include "impls/cpu/amx.h"

namespace plumb::cpu {

bool has_byte_products(const Target& target, ByteProducts products) {
  if (products == ByteProducts::plain) return true;
#if defined(__x86_64__)
  if (products == ByteProducts::tiles) return target.bit == HWY_AVX3 && has_amx_int8();
  if (target.bit == HWY_AVX3) return __builtin_cpu_supports("avx512vnni") != 0;
  if (target.bit == HWY_AVX2) return __builtin_cpu_supports("avxvnni") != 0;
#endif
  return false;
}

ByteProducts best_for_few_rows(const Target& target) {
  return has_byte_products(target, ByteProducts::instruction) ? ByteProducts::instruction : ByteProducts::plain;
}

ByteProducts best_for_many_rows(const Target& target) {
  return has_byte_products(target, ByteProducts::tiles) ? ByteProducts::tiles : best_for_few_rows(target);
}

}  // namespace plumb::cpu
