// group_sums: sums[g, n] = sum of the signed bytes codes[n, k] over the k of group g.

#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/group_sums.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
// Adds codes from the i-th on to `sum`, as many whole vectors of `d` as there are. Returns where the rest begins.
template <class D>
HWY_INLINE int64_t SumVectors(D d, const uint8_t* codes, int64_t i, int64_t count, int64_t& sum) {
  const hn::Repartition<uint64_t, D> d64;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (i + lanes > count) return i;
  const int64_t first = i;
  auto sums = hn::Zero(d64);
  for (; i + lanes <= count; i += lanes) {
    // Flipping the top bit adds 128 to a signed byte and makes it unsigned.
    sums = hn::Add(sums, hn::SumsOf8(hn::Xor(hn::LoadU(d, codes + i), hn::Set(d, 0x80))));
  }
  sum += static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, sums))) - 128 * (i - first);
  return i;
}
#endif

HWY_INLINE int32_t Sum(const uint8_t* codes, int64_t count) {
  int64_t i = 0, sum = 0;
#if HWY_TARGET != HWY_SCALAR
  i = SumVectors(hn::ScalableTag<uint8_t>(), codes, i, count, sum);
  i = SumVectors(hn::CappedTag<uint8_t, 16>(), codes, i, count, sum);
#endif
  for (; i < count; ++i) sum += static_cast<int8_t>(codes[i]);
  return static_cast<int32_t>(sum);
}

// Rows [first, last) of codes, that is columns of sums, which has rows of `stride` of them.
void SumRows(const uint8_t* codes, uint8_t* sums, int64_t first, int64_t last, int64_t columns, int64_t group,
             int64_t stride) {
  // Codes are read along rows; of sums, those that are written together fill a line of the cache.
  constexpr int64_t kRows = 16, kGroups = 64;
  HWY_ALIGN int32_t tile[kGroups][kRows];
  for (int64_t n = first; n < last; n += kRows) {
    const int64_t rows = HWY_MIN(kRows, last - n);
    for (int64_t g = 0; g < columns / group; g += kGroups) {
      const int64_t groups = HWY_MIN(kGroups, columns / group - g);
      for (int64_t row = 0; row < rows; ++row) {
        const uint8_t* at = codes + (n + row) * columns + g * group;
        for (int64_t i = 0; i < groups; ++i) tile[i][row] = Sum(at + i * group, group);
      }
      for (int64_t i = 0; i < groups; ++i) {
        std::memcpy(sums + ((g + i) * stride + n) * 4, tile[i], static_cast<size_t>(rows) * 4);
      }
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(SumRows);

using SumRowsFunction = decltype(HWY_STATIC_DISPATCH(SumRows))*;

void run(const Call& call, SumRowsFunction sum_rows) {
  const std::int64_t rows = call["N"], columns = call["K"], group = call["group"], stride = (rows + 7) / 8 * 8;
  const std::uint8_t* codes = call.input<std::uint8_t>(0).data();
  std::uint8_t* sums = call.output<std::uint8_t>().data();
  for (std::int64_t g = 0; g < columns / group; ++g) {
    std::memset(sums + (g * stride + rows) * 4, 0, static_cast<std::size_t>((stride - rows) * 4));
  }
  for_row_chunks(rows, columns, call.threads(), [&](std::int64_t first, std::int64_t last) {
    sum_rows(codes, sums, first, last, columns, group, stride);
  });
}

}  // namespace

Kernel group_sums(const Target& target) {
  const SumRowsFunction sum_rows = PLUMB_FOR_TARGET(SumRows, target);
  return {"group_sums", kExactContract, {}, [sum_rows](const Call& call, void*) { run(call, sum_rows); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
