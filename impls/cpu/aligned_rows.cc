// align_width and transpose_scales_aligned: elements of 2 or 4 bytes are moved, and rows padded with zeros.

#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/aligned_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows of in_row bytes become rows of out_row bytes.
void WidenRows(const uint8_t* in, uint8_t* out, int64_t rows, int64_t in_row, int64_t out_row) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r, in += in_row, out += out_row) {
    int64_t i = 0;
    for (; i + lanes <= in_row; i += lanes) hn::StoreU(hn::LoadU(d, in + i), d, out + i);
    std::memcpy(out + i, in + i, static_cast<size_t>(in_row - i));
    std::memset(out + in_row, 0, static_cast<size_t>(out_row - in_row));
  }
}

// Rows [first, last) of in [.., columns] become columns of out, whose rows have `stride` elements.
template <typename T>
HWY_INLINE void TransposeRows(const uint8_t* in, uint8_t* out, int64_t first, int64_t last, int64_t columns,
                              int64_t stride) {
  Transpose(reinterpret_cast<const T*>(in) + first * columns, columns, reinterpret_cast<T*>(out) + first, stride,
            last - first, columns);
}

void TransposeRows16(const uint8_t* in, uint8_t* out, int64_t first, int64_t last, int64_t columns, int64_t stride) {
  TransposeRows<uint16_t>(in, out, first, last, columns, stride);
}

void TransposeRows32(const uint8_t* in, uint8_t* out, int64_t first, int64_t last, int64_t columns, int64_t stride) {
  TransposeRows<uint32_t>(in, out, first, last, columns, stride);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(WidenRows);
HWY_EXPORT(TransposeRows16);
HWY_EXPORT(TransposeRows32);

using Widen = decltype(HWY_STATIC_DISPATCH(WidenRows))*;
using TransposeFunction = decltype(HWY_STATIC_DISPATCH(TransposeRows16))*;

void run_align(const Call& call, Widen widen) {
  const std::int64_t size = info(call.input_dtype(0)).size_bytes, align = call["align"];
  const std::int64_t in_row = call["K"] * size, out_row = (call["K"] + align - 1) / align * align * size;
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  for_row_chunks(call["M"], out_row, call.threads(), [&](std::int64_t first, std::int64_t last) {
    widen(in + first * in_row, out + first * out_row, last - first, in_row, out_row);
  });
}

void run_transpose(const Call& call, TransposeFunction transpose) {
  const std::int64_t size = info(call.input_dtype(0)).size_bytes, align = call["align"];
  const std::int64_t rows = call["N"], groups = call["G"], stride = (rows + align - 1) / align * align;
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  for (std::int64_t g = 0; g < groups; ++g) {
    std::memset(out + (g * stride + rows) * size, 0, static_cast<std::size_t>((stride - rows) * size));
  }
  for_row_chunks(rows, groups * size, call.threads(),
                 [&](std::int64_t first, std::int64_t last) { transpose(in, out, first, last, groups, stride); });
}

}  // namespace

Kernel align_width(const Target& target) {
  const Widen widen = PLUMB_FOR_TARGET(WidenRows, target);
  return {"align_width", kExactContract, {}, [widen](const Call& call, void*) { run_align(call, widen); }};
}

Kernel transpose_scales_aligned(const Target& target) {
  const TransposeFunction narrow = PLUMB_FOR_TARGET(TransposeRows16, target),
                          wide = PLUMB_FOR_TARGET(TransposeRows32, target);
  return {"transpose_scales_aligned", kExactContract, {}, [=](const Call& call, void*) {
            run_transpose(call, call.input_dtype(0) == DType::f32 ? wide : narrow);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
