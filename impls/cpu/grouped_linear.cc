// y[m, n] = sum_k x[m, k] * w[n, k] + bias[n] with w dequantised in f32.
//
// This is the way of f32; grouped_linear_ops.cc says when digit_linear.h's is taken instead.
//
// Every sum is made of 16 partial sums, one for each k mod 16, in the order of k, and folded at the end: the same
// whatever the number of rows, threads or lanes. Few rows of activation decode codes as they go. More rows share tiles
// of eight weight rows, dequantised once into the nearest cache.

#include "impls/cpu/grouped_linear.h"

#include <hwy/cache_control.h>

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/grouped_linear.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kWidth>;
using DU = hn::RebindToUnsigned<D>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using VU = hn::Vec<DU>;

constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kParts = static_cast<int>(kWidth) / kLanes;  // vectors that hold 16 columns
constexpr int kRows = static_cast<int>(kBlockRows);
// Rows whose partial sums are kept in registers while codes are decoded: at least eight sums hide the latency of one.
constexpr int kBatch = kLanes >= 8 ? kLanes / 2 : kLanes == 4 ? 2 : 1;

// Scale and zero point of a row's group; or, where codes of up to four bits are looked up, all 16 weights.
struct Grid {
  V scale, zero;
};

#undef PLUMB_LOOKS_UP
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define PLUMB_LOOKS_UP 1  // one instruction looks 16 lanes up by their four lowest bits, whatever the others are
#else
#define PLUMB_LOOKS_UP 0
#endif
template <int kBits>
constexpr bool kLooksUp = PLUMB_LOOKS_UP != 0 && kBits <= 4;

template <int kBits, bool kAdds>
HWY_INLINE V Dequantise(V code, const Grid& grid) {
  if constexpr (kAdds) return hn::MulAdd(code, grid.scale, grid.zero);
  return hn::Mul(hn::Sub(code, grid.zero), grid.scale);
}

template <int kBits, bool kAdds>
HWY_INLINE Grid LoadGrid(const GroupedWeight& w, int64_t block, int64_t group, int64_t groups, int row) {
  const D d;
  const int64_t at = (block * groups + group) * kBlockRows + row;
  const Grid grid{hn::Set(d, w.scale[static_cast<size_t>(at)]), hn::Set(d, w.zero[static_cast<size_t>(at)])};
  if constexpr (!kLooksUp<kBits>) return grid;
  // Bits above the code are those of the next one.
  const auto code = hn::And(hn::Iota(DI(), 0), hn::Set(DI(), (1 << kBits % 32) - 1));
  const V number = hn::ConvertTo(d, hn::Add(code, hn::Set(DI(), w.base)));
  return {Dequantise<kBits, kAdds>(number, grid), hn::Zero(d)};
}

// Weights from the lowest bits of words.
template <int kBits, bool kAdds>
HWY_INLINE V Decode(VU word, const Grid& grid, int32_t base) {
  const D d;
  if constexpr (kBits == 32) return hn::BitCast(d, word);
#if PLUMB_LOOKS_UP
  if constexpr (kLooksUp<kBits>) return V{_mm512_permutexvar_ps(word.raw, grid.scale.raw)};
#endif
  const auto code = hn::BitCast(DI(), hn::And(word, hn::Set(DU(), (1U << kBits % 32) - 1U)));
  return Dequantise<kBits, kAdds>(hn::ConvertTo(d, hn::Add(code, hn::Set(DI(), base))), grid);
}

template <int kBits>
HWY_INLINE VU NextCode(VU word) {
  if constexpr (kBits == 32) return word;
  return hn::ShiftRight<kBits % 32>(word);
}

// Keeps a compiler from loading a vector again for every use of it, which takes as many loads as there are sums.
HWY_INLINE V InRegister(V v) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  asm("" : "+v"(v.raw));
#endif
  return v;
}

// The 16 partial sums of a row, in kParts vectors.
HWY_INLINE float Fold(const V* parts) {
  V sum = parts[0];
  for (int p = 1; p < kParts; ++p) sum = hn::Add(sum, parts[p]);
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}

// How many chunks ahead words are fetched: few rows of activation wait for nothing but them.
constexpr int64_t kChunksAhead = 16;
// Few rows of activation are summed in pieces, each with some rows of the weight at a time: decoding a code for every
// piece costs less than keeping it dequantised, the less the cheaper it is.
constexpr int64_t kFewRows = PLUMB_LOOKS_UP != 0 ? 12 : 2;
constexpr int kPieceRows = 4;
constexpr int BatchFor(int rows) { return rows == 1 || kBatch == 1 ? kBatch : kBatch / 2; }

// Rows [first_row, first_row + kBatch) of a block with all kM rows of activation, decoding as it goes.
template <int kBits, bool kAdds, int kM>
HWY_INLINE void SumFewRows(const GroupedSums& job, int64_t block, int first_row) {
  const D d;
  const GroupedWeight& w = *job.weight;
  constexpr int kRowBatch = BatchFor(kM);
  constexpr int64_t kChunkWords = kBlockRows * kWidth;
  const int64_t groups = (w.columns + w.group - 1) / w.group, last = (w.blocks * w.chunks - 1) * kChunkWords;
  const uint32_t* words = w.words.data() + first_row * kWidth;
  int64_t at = block * w.chunks * kChunkWords, k = 0, next_group = 0;
  V sum[kM][kRowBatch][kParts];
  Grid grid[kRowBatch];
  HWY_UNROLL(16)
  for (int r = 0; r < kRowBatch; ++r) {
    grid[r] = {hn::Zero(d), hn::Zero(d)};
    HWY_UNROLL(16)
    for (int i = 0; i < kM * kParts; ++i) sum[i / kParts][r][i % kParts] = hn::Zero(d);
  }
  for (int64_t chunk = 0; chunk < w.chunks; ++chunk, at += kChunkWords) {
    const uint32_t* ahead = words + HWY_MIN(at + kChunksAhead * kChunkWords, last);
    VU word[kRowBatch][kParts];
    HWY_UNROLL(16)
    for (int r = 0; r < kRowBatch; ++r) {
      hwy::Prefetch(ahead + r * kWidth);
      HWY_UNROLL(16)
      for (int p = 0; p < kParts; ++p) word[r][p] = hn::Load(DU(), words + at + r * kWidth + p * kLanes);
    }
    const int64_t end = HWY_MIN(k + kWidth * 32 / kBits, job.x_stride);
    for (; k < end; k += kWidth) {
      if (k == next_group) {
        HWY_UNROLL(16)
        for (int r = 0; r < kRowBatch; ++r) {
          grid[r] = LoadGrid<kBits, kAdds>(w, block, k / w.group, groups, first_row + r);
        }
        next_group += w.group;
      }
      HWY_UNROLL(16)
      for (int p = 0; p < kParts; ++p) {
        V x[kM];
        HWY_UNROLL(16)
        for (int m = 0; m < kM; ++m) x[m] = hn::LoadU(d, job.x + m * job.x_stride + k + p * kLanes);
        HWY_UNROLL(16)
        for (int r = 0; r < kRowBatch; ++r) {
          const V weight = Decode<kBits, kAdds>(word[r][p], grid[r], w.base);
          word[r][p] = NextCode<kBits>(word[r][p]);
          HWY_UNROLL(16)
          for (int m = 0; m < kM; ++m) sum[m][r][p] = hn::MulAdd(weight, x[m], sum[m][r][p]);
        }
      }
    }
  }
  for (int m = 0; m < kM; ++m) {
    HWY_UNROLL(16)
    for (int r = 0; r < kRowBatch; ++r) {
      const int64_t n = block * kBlockRows + first_row + r;
      if (n < w.rows) job.sums[m * job.sums_stride + n] = Fold(sum[m][r]);
    }
  }
}

// A tile: columns [first, last) of a block, dequantised: [step of 16 columns][row][16].
constexpr int64_t kTileColumns = 768;
// Rows of activation that share tiles while they stay in the second cache.
constexpr int64_t kSharingRows = 96;
constexpr int kTileRows = 3;  // of activation, whose sums with all rows of a block are kept in registers

// `first` is a multiple of the columns of a chunk.
template <int kBits, bool kAdds>
void FillTile(const GroupedWeight& w, int64_t block, int64_t first, int64_t last, float* HWY_RESTRICT tile) {
  const D d;
  const int64_t groups = (w.columns + w.group - 1) / w.group;
  constexpr int64_t kChunkColumns = kWidth * 32 / kBits;
  for (int r = 0; r < kRows; ++r) {
    int64_t group = first / w.group, next_group = first;
    Grid grid{hn::Zero(d), hn::Zero(d)};
    for (int64_t k = first; k < last;) {
      const uint32_t* words = w.words.data() + ((block * w.chunks + k / kChunkColumns) * kBlockRows + r) * kWidth;
      VU word[kParts];
      for (int p = 0; p < kParts; ++p) word[p] = hn::Load(DU(), words + p * kLanes);
      const int64_t end = HWY_MIN(k + kChunkColumns, last);
      for (; k < end; k += kWidth) {
        if (k >= next_group) {
          grid = LoadGrid<kBits, kAdds>(w, block, group, groups, r);
          next_group = ++group * w.group;
        }
        float* to = tile + ((k - first) / kWidth * kRows + r) * kWidth;
        for (int p = 0; p < kParts; ++p) {
          hn::Store(Decode<kBits, kAdds>(word[p], grid, w.base), d, to + p * kLanes);
          word[p] = NextCode<kBits>(word[p]);
        }
      }
    }
  }
}

// Fetches the words of the tile from column `first` on, or of the next block's first one, while another is worked on.
template <int kBits>
HWY_INLINE void FetchTile(const GroupedWeight& w, int64_t block, int64_t first) {
  const int64_t chunk = HWY_MIN(block * w.chunks + first * kBits / (32 * kWidth), w.blocks * w.chunks - 1);
  const int64_t end = HWY_MIN(chunk + kTileColumns * kBits / (32 * kWidth), w.blocks * w.chunks);
  constexpr int64_t kChunkWords = kBlockRows * kWidth;
  for (int64_t at = chunk * kChunkWords; at < end * kChunkWords; at += kWidth) hwy::Prefetch(w.words.data() + at);
}

// partial[kM][kRows][16] += x[kM rows, columns of the tile] times the tile.
template <int kM>
void AddTile(const float* x, int64_t x_stride, const float* HWY_RESTRICT tile, int64_t columns,
             float* HWY_RESTRICT partial) {
  const D d;
  for (int p = 0; p < kParts; ++p) {
    for (int first = 0; first < kRows; first += kBatch) {
      V sum[kM][kBatch];
      float* at = partial + first * kWidth + p * kLanes;
      HWY_UNROLL(16)
      for (int m = 0; m < kM; ++m) {
        HWY_UNROLL(16)
        for (int r = 0; r < kBatch; ++r) sum[m][r] = hn::Load(d, at + (m * kRows + r) * kWidth);
      }
      const float* w = tile + first * kWidth + p * kLanes;
      for (int64_t k = p * kLanes; k < columns; k += kWidth, w += kRows * kWidth) {
        V value[kM];
        HWY_UNROLL(16)
        for (int m = 0; m < kM; ++m) value[m] = hn::LoadU(d, x + m * x_stride + k);
        HWY_UNROLL(16)
        for (int r = 0; r < kBatch; ++r) {
          const V weight = InRegister(hn::Load(d, w + r * kWidth));
          HWY_UNROLL(16)
          for (int m = 0; m < kM; ++m) sum[m][r] = hn::MulAdd(weight, value[m], sum[m][r]);
        }
      }
      HWY_UNROLL(16)
      for (int m = 0; m < kM; ++m) {
        HWY_UNROLL(16)
        for (int r = 0; r < kBatch; ++r) hn::Store(sum[m][r], d, at + (m * kRows + r) * kWidth);
      }
    }
  }
}

void AddTileToRows(const GroupedSums& job, int64_t first_m, int64_t rows, int64_t k, const float* tile, int64_t columns,
                   float* partial) {
  const float* x = job.x + first_m * job.x_stride + k;
  int64_t m = 0;
  for (; m + kTileRows <= rows; m += kTileRows) {
    AddTile<kTileRows>(x + m * job.x_stride, job.x_stride, tile, columns, partial + m * kRows * kWidth);
  }
  if (rows - m == 2) AddTile<2>(x + m * job.x_stride, job.x_stride, tile, columns, partial + m * kRows * kWidth);
  if (rows - m == 1) AddTile<1>(x + m * job.x_stride, job.x_stride, tile, columns, partial + m * kRows * kWidth);
}

// Rows [first_m, first_m + rows) of activation with one block.
template <int kBits, bool kAdds>
void SumRows(const GroupedSums& job, int64_t block, int64_t first_m, int64_t rows) {
  const D d;
  const GroupedWeight& w = *job.weight;
  HWY_ALIGN float tile[kTileColumns * kRows];
  HWY_ALIGN float partial[kSharingRows * kRows * kWidth];
  std::memset(partial, 0, static_cast<size_t>(rows * kRows * kWidth) * sizeof(float));
  for (int64_t k = 0; k < job.x_stride; k += kTileColumns) {
    const int64_t end = HWY_MIN(k + kTileColumns, job.x_stride);
    FillTile<kBits, kAdds>(w, block, k, end, tile);
    FetchTile<kBits>(w, block, end);
    AddTileToRows(job, first_m, rows, k, tile, end - k, partial);
  }
  const auto count = static_cast<int>(HWY_MIN(w.rows - block * kBlockRows, kBlockRows));
  for (int64_t m = 0; m < rows; ++m) {
    float* sums = job.sums + (first_m + m) * job.sums_stride + block * kBlockRows;
    for (int r = 0; r < count; ++r) {
      V parts[kParts];
      for (int p = 0; p < kParts; ++p) parts[p] = hn::Load(d, partial + (m * kRows + r) * kWidth + p * kLanes);
      sums[r] = Fold(parts);
    }
  }
}

// The `rows` <= kPieceRows rows of activation of `job` with one block.
template <int kBits, bool kAdds, int kM = kPieceRows>
HWY_INLINE void SumPiece(const GroupedSums& job, int64_t block, int64_t rows) {
  if constexpr (kM > 1) {
    if (rows < kM) return SumPiece<kBits, kAdds, kM - 1>(job, block, rows);
  }
  for (int r = 0; r < kRows; r += BatchFor(kM)) SumFewRows<kBits, kAdds, kM>(job, block, r);
}

template <int kBits, bool kAdds>
void SumBlocksOf(const GroupedSums& job, int64_t first_block, int64_t last_block) {
  for (int64_t block = first_block; block < last_block && job.rows <= kFewRows; ++block) {
    for (int64_t m = 0; m < job.rows; m += kPieceRows) {
      GroupedSums piece = job;
      piece.x += m * job.x_stride;
      piece.sums += m * job.sums_stride;
      SumPiece<kBits, kAdds>(piece, block, HWY_MIN(job.rows - m, kPieceRows));
    }
  }
  for (int64_t m = 0; m < job.rows && job.rows > kFewRows; m += kSharingRows) {
    const int64_t rows = HWY_MIN(job.rows - m, kSharingRows);
    for (int64_t block = first_block; block < last_block; ++block) SumRows<kBits, kAdds>(job, block, m, rows);
  }
}

void SumBlocks(const GroupedSums& job, int64_t first_block, int64_t last_block) {
  const GroupedWeight& w = *job.weight;
  if (w.bits == 2) return SumBlocksOf<2, false>(job, first_block, last_block);
  if (w.bits == 4 && w.adds) return SumBlocksOf<4, true>(job, first_block, last_block);
  if (w.bits == 4) return SumBlocksOf<4, false>(job, first_block, last_block);
  if (w.bits == 8) return SumBlocksOf<8, false>(job, first_block, last_block);
  SumBlocksOf<32, false>(job, first_block, last_block);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(SumBlocks);

GroupedFunctions grouped_functions(const Target& target) {
  return {PLUMB_FOR_TARGET(SumBlocks, target), linear_row_functions(target)};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
