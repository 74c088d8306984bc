// transpose_scales: elements of 1, 2 or 4 bytes, moved in tiles.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/transpose_scales.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

// Rows [first, last) of [rows, columns] become columns of [columns, rows].
template <typename T>
HWY_INLINE void TransposeRows(const uint8_t* from, uint8_t* to, int64_t rows, int64_t columns, int64_t first,
                              int64_t last) {
  Transpose(reinterpret_cast<const T*>(from) + first * columns, columns, reinterpret_cast<T*>(to) + first, rows,
            last - first, columns);
}

void TransposeRows1(const uint8_t* from, uint8_t* to, int64_t rows, int64_t columns, int64_t first, int64_t last) {
  TransposeRows<uint8_t>(from, to, rows, columns, first, last);
}
void TransposeRows2(const uint8_t* from, uint8_t* to, int64_t rows, int64_t columns, int64_t first, int64_t last) {
  TransposeRows<uint16_t>(from, to, rows, columns, first, last);
}
void TransposeRows4(const uint8_t* from, uint8_t* to, int64_t rows, int64_t columns, int64_t first, int64_t last) {
  TransposeRows<uint32_t>(from, to, rows, columns, first, last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(TransposeRows1);
HWY_EXPORT(TransposeRows2);
HWY_EXPORT(TransposeRows4);

using Body = void (*)(const std::uint8_t*, std::uint8_t*, std::int64_t, std::int64_t, std::int64_t, std::int64_t);

// Rows that a thread takes together: whole tiles of every element type, and whole cache lines of f32 output.
constexpr std::int64_t kRows = 64;

void run(const Call& call, Body body) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t rows = call["N"], columns = call["G"];
  parallel_ranges((rows + kRows - 1) / kRows, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      body(in, out, rows, columns, i * kRows, std::min((i + 1) * kRows, rows));
    }
  });
}

}  // namespace

Kernel transpose_scales(const Target& target) {
  const Body one = PLUMB_FOR_TARGET(TransposeRows1, target), two = PLUMB_FOR_TARGET(TransposeRows2, target),
             four = PLUMB_FOR_TARGET(TransposeRows4, target);
  return {"transpose_scales", kExactContract, {}, [=](const Call& call, void*) {
            const int size_bytes = info(call.input_dtype(0)).size_bytes;
            run(call, size_bytes == 1 ? one : size_bytes == 2 ? two : four);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
