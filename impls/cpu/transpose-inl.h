// Transposition of matrices of 1-, 2- or 4-byte elements, for every Highway target. Include it below hwy/highway.h,
// inside no namespace.
#if defined(IMPLS_CPU_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_TRANSPOSE_INL_H_
#undef IMPLS_CPU_TRANSPOSE_INL_H_
#else
#define IMPLS_CPU_TRANSPOSE_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Elements of a square that 16-byte vectors transpose.
template <typename T>
inline constexpr int64_t kTile = 16 / static_cast<int64_t>(sizeof(T));

// Vectors without a fixed size cannot be kept in arrays.
#define PLUMB_TRANSPOSES_TILES (HWY_TARGET != HWY_SCALAR && !HWY_HAVE_SCALABLE)

#if PLUMB_TRANSPOSES_TILES
// to[c * to_stride + r] = from[r * from_stride + c] for r, c < kTile<T>. Interleaving vectors i and i + kTile/2 is a
// perfect shuffle of row numbers and columns, and as many of them as there are bits in a column number swap the two.
template <typename T>
HWY_INLINE void TransposeTile(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  constexpr int64_t kHalf = kTile<T> / 2;
  const hn::FixedTag<T, kTile<T>> d;
  hn::Vec<decltype(d)> rows[kTile<T>], shuffled[kTile<T>];
  for (int64_t r = 0; r < kTile<T>; ++r) rows[r] = hn::LoadU(d, from + r * from_stride);
  for (int64_t step = 1; step < kTile<T>; step *= 2) {
    for (int64_t i = 0; i < kHalf; ++i) {
      shuffled[2 * i] = hn::InterleaveLower(d, rows[i], rows[i + kHalf]);
      shuffled[2 * i + 1] = hn::InterleaveUpper(d, rows[i], rows[i + kHalf]);
    }
    for (int64_t i = 0; i < kTile<T>; ++i) rows[i] = shuffled[i];
  }
  for (int64_t c = 0; c < kTile<T>; ++c) hn::StoreU(rows[c], d, to + c * to_stride);
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

// to[c * to_stride + r] = from[r * from_stride + c] for r < rows and c < columns.
template <typename T>
HWY_INLINE void Transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows, int64_t columns) {
  int64_t r = 0;
#if PLUMB_TRANSPOSES_TILES
  // A cache line of output is filled before the next is begun: at strides that are powers of two few lines stay.
  constexpr int64_t kLineRows = 64 / static_cast<int64_t>(sizeof(T));
  for (const int64_t whole = rows / kTile<T> * kTile<T>; r < whole;) {
    const int64_t end = HWY_MIN(whole, r + kLineRows);
    int64_t c = 0;
    for (; c + kTile<T> <= columns; c += kTile<T>) {
      // The lines of the next columns are far away.
      const int64_t next = HWY_MIN(c + 2 * kTile<T>, columns);
      for (int64_t i = next - kTile<T>; i < next; ++i) hwy::Prefetch(to + i * to_stride + r);
      for (int64_t i = r; i < end; i += kTile<T>) {
        TransposeTile(from + i * from_stride + c, from_stride, to + c * to_stride + i, to_stride);
      }
    }
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
