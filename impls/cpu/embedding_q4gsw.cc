// embedding_q4gsw: y[m, k] = code[indices[m], k] * scale[indices[m], k / group], one f32 product an element.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/embedding_q4gsw.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// values[0 .. 2 * pairs) = codes -8 … 7 of `pairs` bytes, low nibble first.
HWY_INLINE void DecodeRow(const uint8_t* bytes, float* values, int64_t pairs) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto decode = [&](auto nibbles) {
    return hn::ConvertTo(d, hn::Sub(hn::PromoteTo(di, nibbles), hn::Set(di, 8)));
  };
  int64_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    const auto both = hn::LoadU(d8, bytes + i);
    hn::StoreInterleaved2(decode(hn::And(both, hn::Set(d8, 15))), decode(hn::ShiftRight<4>(both)), d, values + 2 * i);
  }
  for (; i < pairs; ++i) {
    values[2 * i] = static_cast<float>((bytes[i] & 15) - 8);
    values[2 * i + 1] = static_cast<float>((bytes[i] >> 4) - 8);
  }
}

HWY_INLINE void Scale(float* values, int64_t count, float scale) {
  const hn::CappedTag<float, 16> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, values + i), hn::Set(d, scale)), d, values + i);
  }
  for (; i < count; ++i) values[i] *= scale;
}

// One row of the table: `columns` values in groups of `group`.
void LookUp(const uint8_t* bytes, const float* scales, float* values, int64_t columns, int64_t group) {
  DecodeRow(bytes, values, columns / 2);
  for (int64_t k = 0; k < columns; k += group) Scale(values + k, group, scales[k / group]);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(LookUp);

using LookUpFunction = void (*)(const std::uint8_t*, const float*, float*, std::int64_t, std::int64_t);

enum Input : std::size_t { kWeight, kScales, kIndices };

// The table with the even column in the low nibble, whichever way it came.
struct Prepared {
  std::vector<std::uint8_t> table;
  std::vector<float> scales;
};

std::shared_ptr<void> prepare(const Call& call) {
  auto prepared = std::make_shared<Prepared>();
  const auto weight = call.input<std::uint8_t>(kWeight);
  prepared->table.assign(weight.begin(), weight.end());
  if (call["linear"] == 0) {
    for (std::uint8_t& byte : prepared->table) byte = static_cast<std::uint8_t>(byte << 4 | byte >> 4);
  }
  prepared->scales = call.input_as_f32(kScales);
  return prepared;
}

void run(const Call& call, const Prepared& prepared, LookUpFunction look_up) {
  const std::vector<std::int64_t> indices = call.input_as_i64(kIndices);
  const std::int64_t columns = call["K"], group = call["group"];
  std::vector<float> y(static_cast<std::size_t>(call.output_count()));
  parallel_ranges(call["M"], call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t m = first; m < last; ++m) {
      const std::int64_t row = indices[static_cast<std::size_t>(m)];
      look_up(prepared.table.data() + row * columns / 2, prepared.scales.data() + row * (columns / group),
              y.data() + m * columns, columns, group);
    }
  });
  call.store_f32(y);
}

// One product, exact but for its rounding to f32 (and to f16, if that is asked for).
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

}  // namespace

Kernel embedding_q4gsw(const Target& target) {
  const LookUpFunction look_up = PLUMB_FOR_TARGET(LookUp, target);
  return {"embedding_q4gsw", kContract, prepare,
          [look_up](const Call& call, void* prepared) { run(call, *static_cast<const Prepared*>(prepared), look_up); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
