// pack_q4gsw and unpack_q4gsw: rows of two offset-binary 4-bit codes a byte, low nibble first.

#include <bit>
#include <cstring>

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/q4gsw_pack.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two codes from bytes anywhere: tensors need not be aligned.
template <typename T>
HWY_INLINE uint8_t PackPair(const uint8_t* codes) {
  T pair[2];
  std::memcpy(pair, codes, sizeof pair);
  return static_cast<uint8_t>((static_cast<uint8_t>(pair[0]) + 8) | (static_cast<uint8_t>(pair[1]) + 8) << 4);
}

template <class D, class V>
HWY_INLINE V Nibbles(D d, V even, V odd) {
  const auto eight = hn::Set(d, static_cast<hn::TFromD<D>>(8));
  return hn::Or(hn::Add(even, eight), hn::ShiftLeft<4>(hn::Add(odd, eight)));
}

// Each returns how many whole vectors' worth of pairs it packed; codes are in -8 ... 7, so their lowest byte tells all.
HWY_INLINE int64_t PackVectors(int8_t, const uint8_t* codes, uint8_t* packed, int64_t pairs) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, codes + 2 * i, even, odd);
    hn::StoreU(Nibbles(d, even, odd), d, packed + i);
  }
  return i;
}

#if HWY_TARGET == HWY_SCALAR
// One lane at a time is what the caller's tail does, without asking for alignment.
template <typename T>
HWY_INLINE int64_t PackVectors(T, const uint8_t*, uint8_t*, int64_t) {
  return 0;
}
#else
HWY_INLINE int64_t PackVectors(int32_t, const uint8_t* codes, uint8_t* packed, int64_t pairs) {
  const hn::ScalableTag<uint32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, reinterpret_cast<const uint32_t*>(codes) + 2 * i, even, odd);
    hn::StoreU(hn::U8FromU32(Nibbles(d, even, odd)), d8, packed + i);
  }
  return i;
}

HWY_INLINE int64_t PackVectors(int64_t, const uint8_t* codes, uint8_t* packed, int64_t pairs) {
  static_assert(std::endian::native == std::endian::little, "the low word of a code comes first");
  const hn::ScalableTag<uint32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    hn::Vec<decltype(d)> even, even_high, odd, odd_high;
    hn::LoadInterleaved4(d, reinterpret_cast<const uint32_t*>(codes) + 4 * i, even, even_high, odd, odd_high);
    hn::StoreU(hn::U8FromU32(Nibbles(d, even, odd)), d8, packed + i);
  }
  return i;
}
#endif

// A row of `columns` codes becomes `row_bytes` bytes, those beyond the codes holding code 0.
template <typename T>
HWY_INLINE void PackRow(const uint8_t* codes, uint8_t* packed, int64_t columns, int64_t row_bytes) {
  constexpr int64_t kPairBytes = 2 * sizeof(T);
  const int64_t pairs = columns / 2;
  int64_t i = PackVectors(T{}, codes, packed, pairs);
  for (; i < pairs; ++i) packed[i] = PackPair<T>(codes + i * kPairBytes);
  if (columns % 2 != 0) {
    uint8_t last[kPairBytes] = {};
    std::memcpy(last, codes + i * kPairBytes, sizeof(T));
    packed[i++] = PackPair<T>(last);
  }
  std::memset(packed + i, 0x88, static_cast<size_t>(row_bytes - i));
}

template <typename T>
HWY_INLINE void PackRows(const uint8_t* codes, uint8_t* packed, int64_t rows, int64_t columns, int64_t row_bytes) {
  for (int64_t n = 0; n < rows; ++n) {
    PackRow<T>(codes + n * columns * static_cast<int64_t>(sizeof(T)), packed + n * row_bytes, columns, row_bytes);
  }
}

void PackRows8(const uint8_t* codes, uint8_t* packed, int64_t rows, int64_t columns, int64_t row_bytes) {
  PackRows<int8_t>(codes, packed, rows, columns, row_bytes);
}

void PackRows32(const uint8_t* codes, uint8_t* packed, int64_t rows, int64_t columns, int64_t row_bytes) {
  PackRows<int32_t>(codes, packed, rows, columns, row_bytes);
}

void PackRows64(const uint8_t* codes, uint8_t* packed, int64_t rows, int64_t columns, int64_t row_bytes) {
  PackRows<int64_t>(codes, packed, rows, columns, row_bytes);
}

void UnpackRow(const uint8_t* packed, uint8_t* codes, int64_t columns) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto eight = hn::Set(d, 8);
  int64_t i = 0;
  for (; i + lanes <= columns / 2; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    const auto even = hn::And(bytes, hn::Set(d, 15)), odd = hn::ShiftRight<4>(bytes);
    hn::StoreInterleaved2(hn::Sub(even, eight), hn::Sub(odd, eight), d, codes + 2 * i);
  }
  for (int64_t k = 2 * i; k < columns; ++k) {
    codes[k] = static_cast<uint8_t>((packed[k / 2] >> (k % 2 * 4) & 15) - 8);
  }
}

void UnpackRows(const uint8_t* packed, uint8_t* codes, int64_t rows, int64_t columns, int64_t row_bytes) {
  for (int64_t n = 0; n < rows; ++n) UnpackRow(packed + n * row_bytes, codes + n * columns, columns);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackRows8);
HWY_EXPORT(PackRows32);
HWY_EXPORT(PackRows64);
HWY_EXPORT(UnpackRows);

using Rows = void (*)(const std::uint8_t*, std::uint8_t*, std::int64_t, std::int64_t, std::int64_t);

// `in_row` and `out_row`: bytes of a row.
void run_rows(const Call& call, Rows rows, std::int64_t in_row, std::int64_t out_row, std::int64_t columns,
              std::int64_t packed_row) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  for_row_chunks(call["N"], std::max(in_row, out_row), call.threads(), [&](std::int64_t first, std::int64_t last) {
    rows(in + first * in_row, out + first * out_row, last - first, columns, packed_row);
  });
}

void run_packing(const Call& call, Rows pack, std::int64_t in_row, std::int64_t packed_row) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t rows = call["N"], columns = call["K"];
  const std::int64_t chunk = std::max<std::int64_t>(kCheckedBytes / in_row, 1);
  const auto piece = [=](std::int64_t i) {
    const std::int64_t first = i * chunk, count = std::min(chunk, rows - first);
    return Piece{first * columns, count * columns, first * packed_row, count * packed_row};
  };
  run_checked(call, (rows + chunk - 1) / chunk, piece, [=](std::int64_t i) {
    const std::int64_t first = i * chunk;
    pack(in + first * in_row, out + first * packed_row, std::min(chunk, rows - first), columns, packed_row);
  });
}

}  // namespace

Kernel pack_q4gsw(const Target& target) {
  const Rows rows_8 = PLUMB_FOR_TARGET(PackRows8, target), rows_32 = PLUMB_FOR_TARGET(PackRows32, target),
             rows_64 = PLUMB_FOR_TARGET(PackRows64, target);
  return {.op = "pack_q4gsw",
          .contract = kExactContract,
          .prepare = {},
          .run =
              [=](const Call& call, void*) {
                const std::int64_t code_bytes = info(call.input_dtype(0)).size_bytes, columns = call["K"];
                const std::int64_t packed_row = call.output_count() / call["N"];
                const Rows rows = code_bytes == 1 ? rows_8 : code_bytes == 4 ? rows_32 : rows_64;
                run_packing(call, rows, columns * code_bytes, packed_row);
              },
          .checks_limits = true};
}

Kernel unpack_q4gsw(const Target& target) {
  const Rows rows = PLUMB_FOR_TARGET(UnpackRows, target);
  return {"unpack_q4gsw", kExactContract, {}, [rows](const Call& call, void*) {
            run_rows(call, rows, call["row_bytes"], call["columns"], call["columns"], call["row_bytes"]);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
