// linear_q4gsw: y[m, n] = sum_g scale[g, n] * (sum_{k in g} x[m, k] * code[n, k]) + bias[n], in f32.
//
// `prepare` packs the weight into the layout plumb.rows_32, in which the low and the high nibbles of one vector of
// bytes are consecutive rows n: every lane sums one output, in the order of k, so that no sum is folded across lanes
// and the result does not depend on the number of threads.

#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/rows_32.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/linear_q4gsw.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef PLUMB_CPU_LINEAR_Q4GSW_
#define PLUMB_CPU_LINEAR_Q4GSW_
namespace plumb::cpu {

// One call, as the inner loops see it. Arrays over n are padded to whole blocks.
struct LinearArgs {
  const float* x;              // [M, K]
  const std::uint8_t* packed;  // [blocks, K, 16]
  const float* scales;         // [G, blocks * 32]
  const float* bias;           // [blocks * 32]; zero if there is none
  float* y;                    // [M, N]
  std::int64_t rows, columns, outputs, group, padded_outputs;
};

}  // namespace plumb::cpu
#endif  // PLUMB_CPU_LINEAR_Q4GSW_

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

// Two vectors of consecutive outputs: the low and the high nibbles.
struct Pair {
  V low, high;
};

HWY_INLINE V Decode(hn::Vec<hn::Rebind<uint8_t, D>> nibbles) {
  const D d;
  const hn::Rebind<int32_t, D> di;
  return hn::ConvertTo(d, hn::Sub(hn::PromoteTo(di, nibbles), hn::Set(di, 8)));
}

HWY_INLINE Pair LoadCodes(const uint8_t* bytes) {
  const hn::Rebind<uint8_t, D> d8;
  const auto both = hn::LoadU(d8, bytes);
  return {Decode(hn::And(both, hn::Set(d8, 15))), Decode(hn::ShiftRight<4>(both))};
}

// y[m .. m + kRows, outputs of lane group j] of one block; writes [kRows][32] results at `out` + {j, 16 + j}.
template <int kRows>
HWY_INLINE void Tile(const LinearArgs& a, int64_t block, int64_t j, int64_t m, float* out) {
  const D d;
  const uint8_t* codes = a.packed + block * a.columns * 16 + j;
  const float* scales = a.scales + block * kBlockRows + j;
  Pair total[kRows];
  for (Pair& t : total) t = {hn::Zero(d), hn::Zero(d)};
  for (int64_t start = 0; start < a.columns; start += a.group, scales += a.padded_outputs) {
    Pair sum[kRows];
    for (Pair& s : sum) s = {hn::Zero(d), hn::Zero(d)};
    for (int64_t k = start; k < start + a.group; ++k) {
      const Pair code = LoadCodes(codes + k * 16);
      for (int r = 0; r < kRows; ++r) {
        const V x = hn::Set(d, a.x[(m + r) * a.columns + k]);
        sum[r] = {hn::MulAdd(x, code.low, sum[r].low), hn::MulAdd(x, code.high, sum[r].high)};
      }
    }
    const V low = hn::LoadU(d, scales), high = hn::LoadU(d, scales + 16);
    for (int r = 0; r < kRows; ++r) {
      total[r] = {hn::MulAdd(sum[r].low, low, total[r].low), hn::MulAdd(sum[r].high, high, total[r].high)};
    }
  }
  const float* bias = a.bias + block * kBlockRows + j;
  for (int r = 0; r < kRows; ++r) {
    hn::StoreU(hn::Add(total[r].low, hn::LoadU(d, bias)), d, out + r * kBlockRows + j);
    hn::StoreU(hn::Add(total[r].high, hn::LoadU(d, bias + 16)), d, out + r * kBlockRows + 16 + j);
  }
}

template <int kRows>
HWY_INLINE void Rows(const LinearArgs& a, int64_t block, int64_t m) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  float out[kRows * kBlockRows];
  for (int64_t j = 0; j < 16; j += lanes) Tile<kRows>(a, block, j, m, out);
  const int64_t first = block * kBlockRows;
  const int64_t count = a.outputs - first < kBlockRows ? a.outputs - first : kBlockRows;
  for (int r = 0; r < kRows; ++r) {
    memcpy(a.y + (m + r) * a.outputs + first, out + r * kBlockRows, static_cast<size_t>(count) * sizeof(float));
  }
}

void LinearBlocks(const LinearArgs& a, int64_t first_block, int64_t last_block) {
  for (int64_t block = first_block; block < last_block; ++block) {
    int64_t m = 0;
    for (; m + 4 <= a.rows; m += 4) Rows<4>(a, block, m);
    for (; m < a.rows; ++m) Rows<1>(a, block, m);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(LinearBlocks);

using BlocksFunction = void (*)(const LinearArgs&, std::int64_t first_block, std::int64_t last_block);

enum Input : std::size_t { kX, kWeights, kScales, kBias };

// The constant inputs in the kernel's own form.
struct Prepared {
  std::vector<std::uint8_t> packed;
  std::vector<float> scales;
  std::vector<float> bias;
  std::int64_t padded_outputs;
};

std::shared_ptr<void> prepare(const Call& call) {
  const std::int64_t outputs = call["N"], groups = call["K"] / call["group"];
  auto prepared = std::make_shared<Prepared>();
  prepared->packed = repack_to_rows_32({outputs, call["K"]}, call.input<std::uint8_t>(kWeights));
  prepared->padded_outputs = (outputs + kBlockRows - 1) / kBlockRows * kBlockRows;
  const auto padded = static_cast<std::size_t>(prepared->padded_outputs);
  const std::vector<float> scales = call.input_as_f32(kScales);
  prepared->scales.resize(static_cast<std::size_t>(groups) * padded);
  for (std::int64_t g = 0; g < groups; ++g) {
    std::copy_n(scales.begin() + g * outputs, outputs, prepared->scales.begin() + g * prepared->padded_outputs);
  }
  prepared->bias = call.input_as_f32(kBias);
  prepared->bias.resize(padded);
  return prepared;
}

void run(const Call& call, const Prepared& prepared, BlocksFunction blocks) {
  const std::vector<float> x = call.input_as_f32(kX);
  std::vector<float> y(static_cast<std::size_t>(call.output_count()));
  const LinearArgs args{
      x.data(),  prepared.packed.data(), prepared.scales.data(), prepared.bias.data(), y.data(), call["M"], call["K"],
      call["N"], call["group"],          prepared.padded_outputs};
  parallel_ranges(prepared.padded_outputs / kBlockRows, call.threads(),
                  [&](std::int64_t first, std::int64_t last) { blocks(args, first, last); });
  call.store_f32(y);
}

// A product passes through: its own rounding (none with FMA), at most `group` sums within the group, the scaling, at
// most K/group sums over groups, and the bias. group + K/group <= K + 1, so K + 4 covers all of them.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1};

}  // namespace

Kernel linear_q4gsw(const Target& target) {
  const BlocksFunction blocks = PLUMB_FOR_TARGET(LinearBlocks, target);
  return {"linear_q4gsw", kContract, prepare,
          [blocks](const Call& call, void* prepared) { run(call, *static_cast<const Prepared*>(prepared), blocks); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
