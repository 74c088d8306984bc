#include "reference/kernel/group_products.h"

#include <cstring>
#include <limits>

namespace plumb {
namespace {

// Multiplications and additions are not fused (-ffp-contract=off), and outputs are independent of each other: however
// wide the vectors, the bits are the same.
namespace plain {
#define PLUMB_TARGET
#define PLUMB_TILE_ROWS 1
#include "reference/kernel/group_products-inl.h"
#undef PLUMB_TARGET
#undef PLUMB_TILE_ROWS
}  // namespace plain

#if defined(__x86_64__)
namespace avx2 {
#define PLUMB_TARGET __attribute__((target("avx2")))
#define PLUMB_TILE_ROWS 2
#include "reference/kernel/group_products-inl.h"
#undef PLUMB_TARGET
#undef PLUMB_TILE_ROWS
}  // namespace avx2

namespace avx512 {
#define PLUMB_TARGET __attribute__((target("avx512f")))
#define PLUMB_TILE_ROWS 8
#include "reference/kernel/group_products-inl.h"
#undef PLUMB_TARGET
#undef PLUMB_TILE_ROWS
}  // namespace avx512
#endif

}  // namespace

std::vector<void (*)(const GroupProducts&)> ways_to_sum_products() {
  std::vector<void (*)(const GroupProducts&)> ways = {plain::sum_products};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) ways.push_back(avx2::sum_products);
  if (__builtin_cpu_supports("avx512f")) ways.push_back(avx512::sum_products);
#endif
  return ways;
}

void sum_products(const GroupProducts& job) {
  static const auto quickest = ways_to_sum_products().back();
  quickest(job);
}

}  // namespace plumb
