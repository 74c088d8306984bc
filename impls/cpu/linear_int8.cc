// linear_dq8ca_q4gsw and linear_q8ta_q8csw: with u = code + offset (8 or 128) as unsigned bytes and signed q,
//   sum_k (q - zp) code = sum_k q u - offset sum_k q - zp weight_sum,
// an integer for each group and output, times both scales in f32.
// See int8_args.h for the form of the operands.

#include "impls/cpu/linear_int8.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "impls/cpu/aligned_vector.h"
#include "impls/cpu/int8_args.h"
#include "impls/cpu/linear_rows.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/linear_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/int8_tiles-inl.h"

#ifndef PLUMB_CPU_LINEAR_INT8_
#define PLUMB_CPU_LINEAR_INT8_
namespace plumb::cpu {

// Rows of an activation that are to be quantised; the results are those of Int8Args.
struct QuantiseArgs {
  const float* x;  // [M, x_stride]
  std::int64_t x_stride;
  const float* scale;
  const std::int32_t* zp;
  std::int32_t* quads;  // [M, stride], zeroed
  std::int64_t stride;
  std::int32_t* sums;
  std::int64_t groups, group, quads_per_group;
  std::int32_t offset;
};

}  // namespace plumb::cpu
#endif  // PLUMB_CPU_LINEAR_INT8_

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// clamp(rne(x * inverse) + zp, -128, 127); NaN gives zp.
HWY_INLINE VI Quantised(VF x, VF inverse, VF zp) {
  const FloatLanes df;
  const VF quotient = hn::Mul(x, inverse);
  const VF whole = hn::Round(hn::IfThenElse(hn::Eq(quotient, quotient), quotient, hn::Zero(df)));
  const VF code = hn::Min(hn::Max(hn::Add(whole, zp), hn::Set(df, -128)), hn::Set(df, 127));
  return hn::ConvertTo(LaneTag(), code);
}

// Quantises one group, and returns the sum of its codes.
HWY_INLINE int32_t QuantiseGroup(const float* x, int64_t count, float inverse, float zp, int8_t* codes) {
  const FloatLanes df;
  const LaneTag d;
  const hn::Rebind<int8_t, LaneTag> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(df));
  const VF all_inverse = hn::Set(df, inverse), all_zp = hn::Set(df, zp);
  VI sums = hn::Zero(d);
  int64_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    const VI code = Quantised(hn::LoadU(df, x + k), all_inverse, all_zp);
    sums = hn::Add(sums, code);
    hn::StoreU(hn::DemoteTo(d8, code), d8, codes + k);
  }
  int32_t sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; k < count; ++k) {
    const int32_t code = hn::GetLane(Quantised(hn::Set(df, x[k]), all_inverse, all_zp));
    sum += code;
    codes[k] = static_cast<int8_t>(code);
  }
  return sum;
}

void Int8Blocks(const Int8Args& a, int64_t first_block, int64_t last_block) { AllTiles(a, first_block, last_block); }

void QuantiseRows(const QuantiseArgs& a, int64_t first, int64_t last) {
  for (int64_t m = first; m < last; ++m) {
    const float inverse = 1.0F / a.scale[m];
    for (int64_t g = 0; g < a.groups; ++g) {
      const int64_t at = m * a.groups + g;
      a.sums[at] =
          a.offset * QuantiseGroup(a.x + m * a.x_stride + g * a.group, a.group, inverse, static_cast<float>(a.zp[m]),
                                   reinterpret_cast<int8_t*>(a.quads + m * a.stride + g * a.quads_per_group));
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Int8Blocks);
HWY_EXPORT(QuantiseRows);

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };
constexpr std::int64_t kFloat = 1;  // value of the parameter `activation`

// What a kernel does, apart from its call.
struct Way {
  void (*blocks)(const Int8Args&, std::int64_t, std::int64_t);
  void (*quantise)(const QuantiseArgs&, std::int64_t, std::int64_t);
  bool wide;
  LinearRowFunctions rows;
  ByteProducts few, many;  // for few rows of activation, and for more

  [[nodiscard]] ByteProducts products(std::int64_t rows) const { return rows <= kFewRows ? few : many; }
};

// The constant inputs in the kernel's own form.
struct Prepared {
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> codes;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;
  std::vector<float> bias;
};

// Sizes of a call.
struct Extents {
  std::int64_t blocks, groups, group, quads;
  explicit Extents(const Call& call, bool wide)
      : blocks((call["N"] + kInt8BlockRows - 1) / kInt8BlockRows),
        groups(wide ? 1 : call["K"] / call["group"]),
        group(call["K"] / groups),
        quads((group + 3) / 4) {}
};

template <typename T>
T element(const T* data, std::int64_t i) {
  T value;
  std::memcpy(&value, reinterpret_cast<const char*>(data) + i * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

// The stored bytes of the codes of row n.
void read_row(const Call& call, bool wide, std::int64_t n, std::span<std::uint8_t> codes) {
  const std::int64_t stride = call.input_count(kWeights) / call["N"];
  const std::uint8_t* row = call.input<std::uint8_t>(kWeights).data() + n * stride;
  if (wide) {
    for (std::size_t k = 0; k < codes.size(); ++k) codes[k] = row[k] ^ 128U;
    return;
  }
  const std::size_t pairs = codes.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    codes[2 * i] = row[i] & 15U;
    codes[2 * i + 1] = row[i] >> 4;
  }
  if (codes.size() % 2 != 0) codes.back() = row[pairs] & 15U;
}

// Codes of `count` columns, at most four, in place of the padding that is there.
void put_quad(const std::uint8_t* from, std::size_t count, std::uint32_t kept, int shift, std::uint8_t* to) {
  std::uint32_t codes = 0, there = 0;
  std::memcpy(&there, to, sizeof there);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<unsigned>(8 * i);
    codes |= static_cast<std::uint32_t>(from[i]) << shift << at;
    there &= kept | ~(0xffU << at);
  }
  there |= codes;
  std::memcpy(to, &there, sizeof there);
}

void pack_codes(const Call& call, const Extents& e, bool wide, std::uint8_t* packed) {
  const std::int64_t quad_bytes = wide ? 128 : 64;
  std::memset(packed, wide ? 0x80 : 0x88, static_cast<std::size_t>(e.blocks * e.groups * e.quads * quad_bytes));
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(e.groups * e.group));
  for (std::int64_t n = 0; n < call["N"]; ++n) {
    read_row(call, wide, n, codes);
    const std::int64_t row = n % kInt8BlockRows, upper = row / 16;
    const std::uint32_t kept = wide ? 0 : upper == 0 ? 0xf0f0f0f0U : 0x0f0f0f0fU;
    std::uint8_t* at = packed + n / kInt8BlockRows * e.groups * e.quads * quad_bytes + row % 16 * 4;
    if (wide) at += upper * 64;
    for (std::int64_t g = 0; g < e.groups; ++g) {
      for (std::int64_t i = 0; i < e.group; i += 4, at += quad_bytes) {
        const auto count = static_cast<std::size_t>(std::min<std::int64_t>(e.group - i, 4));
        put_quad(codes.data() + g * e.group + i, count, kept, wide || upper == 0 ? 0 : 4, at);
      }
    }
  }
}

std::shared_ptr<void> prepare(const Call& call, bool wide) {
  const Extents e(call, wide);
  const std::int64_t outputs = call["N"], padded = call.input_count(kWeightSums) / e.groups;
  auto prepared = std::make_shared<Prepared>();
  const auto bytes = static_cast<std::size_t>(e.blocks * e.groups * e.quads * (wide ? 128 : 64));
  prepared->codes = hwy::AllocateAligned<std::uint8_t>(bytes);
  if (!prepared->codes) throw std::bad_alloc();
  pack_codes(call, e, wide, prepared->codes.get());
  const std::vector<float> scales = call.input_as_f32(kWeightScales);
  const std::int32_t* sums = call.input<std::int32_t>(kWeightSums).data();
  prepared->scales.resize(static_cast<std::size_t>(e.blocks * e.groups * kInt8BlockRows));
  prepared->sums.resize(prepared->scales.size());
  for (std::int64_t n = 0; n < outputs; ++n) {
    for (std::int64_t g = 0; g < e.groups; ++g) {
      const auto at =
          static_cast<std::size_t>((n / kInt8BlockRows * e.groups + g) * kInt8BlockRows + n % kInt8BlockRows);
      prepared->scales[at] = scales[static_cast<std::size_t>(g * outputs + n)];
      prepared->sums[at] = element(sums, g * padded + n);
    }
  }
  prepared->bias = call.input_as_f32(kBias);
  prepared->bias.resize(static_cast<std::size_t>(e.blocks * kInt8BlockRows));
  return prepared;
}

// An activation in the form that Int8Args wants.
struct Activation {
  std::vector<float> scale;
  std::vector<std::int32_t> zp, sums;
  AlignedVector<std::int32_t> quads;
  std::int64_t stride;
  std::vector<float> padded;  // not quantised
};

Activation quantised(const Call& call, const Extents& e, const Way& way) {
  const PaddedRows x(call, way.rows, call["K"]);
  const std::vector<float> scales = call.input_as_f32(kInputScales);
  const std::int8_t* zps = call.input<std::int8_t>(kInputZp).data();
  const std::int64_t rows = call["M"];
  Activation a;
  for (std::int64_t m = 0; m < rows; ++m) {
    const std::int64_t own = call.input_count(kInputScales) == 1 ? 0 : m;
    a.scale.push_back(scales[static_cast<std::size_t>(own)]);
    a.zp.push_back(zps[own]);
  }
  // Whole tiles, and a cache line more, lest rows lie a power of two apart and all in the same few places of a cache.
  a.stride = (e.groups * e.quads + 15) / 16 * 16 + 16;
  a.quads.resize(static_cast<std::size_t>((rows + 31) / 32 * 32 * a.stride + 16 * e.quads));
  a.sums.resize(static_cast<std::size_t>(rows * e.groups));
  const QuantiseArgs args{x.data(),      x.stride(), a.scale.data(), a.zp.data(), a.quads.data(),    a.stride,
                          a.sums.data(), e.groups,   e.group,        e.quads,     way.wide ? 128 : 8};
  // Fewer threads than there may be, so that each has some work.
  const std::int64_t threads = std::min<std::int64_t>(call.threads(), rows * call["K"] / (1 << 14) + 1);
  parallel_ranges(rows, static_cast<int>(threads),
                  [&](std::int64_t first, std::int64_t last) { way.quantise(args, first, last); });
  return a;
}

Activation as_it_is(const Call& call, const Extents& e, const Way& way) {
  const PaddedRows x(call, way.rows, call["K"]);
  Activation a = {};
  a.padded.resize(static_cast<std::size_t>(std::max<std::int64_t>(call["M"] * e.groups * e.quads * 4, 1)));
  for (std::int64_t at = 0; at < call["M"] * e.groups; ++at) {
    const float* from = x.data() + at / e.groups * x.stride() + at % e.groups * e.group;
    std::copy_n(from, e.group, a.padded.begin() + at * e.quads * 4);
  }
  return a;
}

void run(const Call& call, const Prepared& prepared, const Way& way) {
  const Extents e(call, way.wide);
  const bool is_float = call["activation"] == kFloat;
  const Activation a = is_float ? as_it_is(call, e, way) : quantised(call, e, way);
  float* in_place = call.output<float>().data();
  const bool is_in_place =
      call.output_dtype() == DType::f32 && reinterpret_cast<std::uintptr_t>(in_place) % alignof(float) == 0;
  std::vector<float> y(is_in_place ? 0 : static_cast<std::size_t>(call.output_count()));
  const Int8Args args{.codes = prepared.codes.get(),
                      .scales = prepared.scales.data(),
                      .sums = prepared.sums.data(),
                      .bias = prepared.bias.data(),
                      .x = a.quads.data(),
                      .x_stride = a.stride,
                      .x_sums = a.sums.data(),
                      .x_scale = a.scale.data(),
                      .x_zp = a.zp.data(),
                      .x_float = is_float ? a.padded.data() : nullptr,
                      .y = is_in_place ? in_place : y.data(),
                      .rows = call["M"],
                      .outputs = call["N"],
                      .groups = e.groups,
                      .quads = e.quads,
                      .wide = way.wide,
                      .products = way.products(call["M"])};
  parallel_ranges(e.blocks, call.threads(),
                  [&](std::int64_t first, std::int64_t last) { way.blocks(args, first, last); });
  if (!is_in_place) call.store_f32(y);
}

// An activation of int8: a group's sum is rounded to f32 (1), multiplied by a scale (1, none with FMA), takes part in
// at most `length` sums over groups, is multiplied by the other scale (1), and the bias is added (1). An activation as
// it is: as in linear_q4gsw.cc.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1};

Kernel kernel_with(const char* op, const Target& target, bool wide, ByteProducts few, ByteProducts many) {
  const Way way{PLUMB_FOR_TARGET(Int8Blocks, target),
                PLUMB_FOR_TARGET(QuantiseRows, target),
                wide,
                linear_row_functions(target),
                few,
                many};
  return {op, kContract, [wide](const Call& call) { return prepare(call, wide); },
          [way](const Call& call, void* prepared) { run(call, *static_cast<const Prepared*>(prepared), way); }};
}

Kernel best_kernel(const char* op, const Target& target, bool wide) {
  return kernel_with(op, target, wide, best_for_few_rows(target), best_for_many_rows(target));
}

}  // namespace

Kernel linear_dq8ca_q4gsw_with(const Target& target, ByteProducts products) {
  return kernel_with("linear_dq8ca_q4gsw", target, false, products, products);
}
Kernel linear_q8ta_q8csw_with(const Target& target, ByteProducts products) {
  return kernel_with("linear_q8ta_q8csw", target, true, products, products);
}
Kernel linear_dq8ca_q4gsw(const Target& target) { return best_kernel("linear_dq8ca_q4gsw", target, false); }
Kernel linear_q8ta_q8csw(const Target& target) { return best_kernel("linear_q8ta_q8csw", target, true); }

}  // namespace plumb::cpu
#endif  // HWY_ONCE
