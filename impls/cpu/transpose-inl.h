// Transposition of matrices of 1-, 2- or 4-byte elements, for every Highway target. Include it below hwy/highway.h,
// inside no namespace.
#if defined(IMPLS_CPU_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_TRANSPOSE_INL_H_
#undef IMPLS_CPU_TRANSPOSE_INL_H_
#else
#define IMPLS_CPU_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows, and columns, of a tile that 16-byte vectors transpose.
template <typename T>
inline constexpr int64_t kTile = 16 / static_cast<int64_t>(sizeof(T));

// How vectors are written. Past the caches go those that are whole cache lines.
enum class Stores { cached, streamed };

// Blocks of 16 bytes of the widest vectors.
template <typename T>
inline constexpr int64_t kMostBlocks = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())) / kTile<T>;

// Vectors without a fixed size cannot be kept in arrays.
#define PLUMB_TRANSPOSES_TILES (HWY_TARGET != HWY_SCALAR && !HWY_HAVE_SCALABLE)

#if PLUMB_TRANSPOSES_TILES
// Rows of as many columns as a tile has: block b of row c becomes column b * kTile + c. Interleaving vectors i and
// i + kTile/2 is a perfect shuffle of row numbers and columns, and as many of them as there are bits in a column number
// swap the two.
template <typename T, class D>
HWY_INLINE void TransposeInBlocks(D d, hn::Vec<D>* rows) {
  constexpr int64_t kHalf = kTile<T> / 2;
  hn::Vec<D> shuffled[kTile<T>];
  for (int64_t step = 1; step < kTile<T>; step *= 2) {
    for (int64_t i = 0; i < kHalf; ++i) {
      shuffled[2 * i] = hn::InterleaveLower(d, rows[i], rows[i + kHalf]);
      shuffled[2 * i + 1] = hn::InterleaveUpper(d, rows[i], rows[i + kHalf]);
    }
    for (int64_t i = 0; i < kTile<T>; ++i) rows[i] = shuffled[i];
  }
}

// Blocks that lie `distance` elements apart. They are put together while they are loaded: moving them between blocks
// of a vector afterwards would keep busy the one port that transposing in blocks needs.
template <typename T, int64_t kBlocks, class D>
HWY_INLINE hn::Vec<D> LoadBlocks(D d, const T* at, int64_t distance) {
  static_assert(kBlocks == 1 || kBlocks == 2 || kBlocks == 4);
  if constexpr (kBlocks == 1) {
    return hn::LoadU(d, at);
  } else {
    const auto pair = [&](int64_t i) HWY_ATTR {
      return hn::OddEvenBlocks(hn::LoadDup128(d, at + (i + 1) * distance), hn::LoadDup128(d, at + i * distance));
    };
    if constexpr (kBlocks == 2) return pair(0);
    if constexpr (kBlocks == 4) return hn::ConcatUpperLower(d, pair(2), pair(0));
  }
}

// to[c * to_stride + r] = from[r * from_stride + c] for r < kBlocks * kTile<T> and c < kTile<T>: vectors are whole
// lines where they are written, and may be less where they are read.
template <typename T, int64_t kBlocks, Stores kStores>
HWY_INLINE void TransposeUpright(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  const hn::FixedTag<T, kBlocks * kTile<T>> d;
  hn::Vec<decltype(d)> rows[kTile<T>];
  for (int64_t r = 0; r < kTile<T>; ++r) {
    rows[r] = LoadBlocks<T, kBlocks>(d, from + r * from_stride, kTile<T> * from_stride);
  }
  TransposeInBlocks<T>(d, rows);
  for (int64_t c = 0; c < kTile<T>; ++c) {
    if constexpr (kStores == Stores::streamed && kBlocks == 4) {
      hn::Stream(rows[c], d, to + c * to_stride);
    } else {
      hn::StoreU(rows[c], d, to + c * to_stride);
    }
  }
}

// Rows [r, end), of which there are whole tiles, and columns as far as there are whole tiles. Returns where they end.
template <typename T, int64_t kBlocks, Stores kStores>
HWY_INLINE int64_t TransposeTiles(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t r, int64_t end,
                                  int64_t columns) {
  if constexpr (kBlocks > 1) {
    if ((end - r) % (kBlocks * kTile<T>) != 0) {
      return TransposeTiles<T, kBlocks / 2, kStores>(from, from_stride, to, to_stride, r, end, columns);
    }
  }
  int64_t c = 0;
  for (; c + kTile<T> <= columns; c += kTile<T>) {
    for (int64_t i = r; i < end; i += kBlocks * kTile<T>) {
      TransposeUpright<T, kBlocks, kStores>(from + i * from_stride + c, from_stride, to + c * to_stride + i, to_stride);
    }
  }
  return c;
}
#endif  // PLUMB_TRANSPOSES_TILES

// One element after the other; tensors need not be aligned.
template <typename T>
HWY_INLINE void TransposeElements(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows,
                                  int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) std::memcpy(to + c * to_stride + r, from + r * from_stride + c, sizeof(T));
  }
}

// to[c * to_stride + r] = from[r * from_stride + c] for r < rows and c < columns. Callers with small
// matrices say how many rows there are at most, lest the compiler warn of more. What is streamed begins at a cache line
// in each column, and is whole lines of each.
template <typename T, int64_t kMostRows = 64 / static_cast<int64_t>(sizeof(T)), Stores kStores = Stores::cached>
HWY_INLINE void Transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows, int64_t columns) {
  int64_t r = 0;
#if PLUMB_TRANSPOSES_TILES
  // Some cache lines of a few columns are filled before those of the next are begun: of columns that lie far apart few
  // stay near, and one line after the other is written faster than one here and one there.
  constexpr int64_t kTogether = 4 * 64 / static_cast<int64_t>(sizeof(T));
  constexpr int64_t kBlocks = HWY_MIN(kMostBlocks<T>, kMostRows / kTile<T>), kVectorRows = kBlocks * kTile<T>;
  for (const int64_t whole = rows / kTile<T> * kTile<T>; r < whole;) {
    const int64_t left = whole - r, vectors = HWY_MIN(left, kTogether) / kVectorRows * kVectorRows;
    const int64_t end = r + (vectors > 0 ? vectors : left);
    const int64_t c = TransposeTiles<T, kBlocks, kStores>(from, from_stride, to, to_stride, r, end, columns);
    TransposeElements(from + r * from_stride + c, from_stride, to + c * to_stride + r, to_stride, end - r, columns - c);
    r = end;
  }
#endif
  TransposeElements(from + r * from_stride, from_stride, to + r, to_stride, rows - r, columns);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#undef PLUMB_TRANSPOSES_TILES

#endif  // IMPLS_CPU_TRANSPOSE_INL_H_
