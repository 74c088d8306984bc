// quantize_affine, dequantize_affine and their tinygemm forms: block by block, straight from tensor to tensor, where
// types are those of every day; else by way of f32, with a block's scale and zero point beside each element.

#include <cstring>
#include <type_traits>

#include "impls/cpu/affine_f64.h"
#include "impls/cpu/affine_job.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/affine.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/affine_maps-inl.h"
#include "impls/cpu/affine_steps-inl.h"
#include "impls/cpu/elements-inl.h"
#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[i] = values[block of element first + i].
HWY_INLINE void Spread(const AffineJob& job, std::span<const float> values, int64_t first, int64_t count, float* to) {
  for (int64_t i = 0; i < count;) {
    const float value = values[static_cast<size_t>(job.block(first + i))];
    const int64_t end = HWY_MIN(count, i + job.run(first + i));
    for (; i < end; ++i) to[i] = value;
  }
}

// The blocks of elements that follow each other, found without a division for each.
class BlockCursor {
 public:
  HWY_INLINE BlockCursor(const AffineJob& job, int64_t flat)
      : job_(job),
        row_(flat / job.columns),
        column_(flat % job.columns),
        block_(job.block(flat)),
        left_(job.run(flat)) {}

  HWY_INLINE size_t block() const { return static_cast<size_t>(block_); }
  HWY_INLINE int64_t left() const { return left_; }  // elements side by side in the block
  HWY_INLINE void Advance(int64_t count) {
    column_ += count, left_ -= count;
    if (left_ > 0) return;
    ++block_, left_ = job_.group;
    if (column_ < job_.columns) return;
    column_ = 0, ++row_;
    if (job_.block_rows > 1) block_ = row_ / job_.block_rows * (job_.columns / job_.group);
  }

 private:
  const AffineJob& job_;
  int64_t row_, column_, block_, left_;
};

HWY_INLINE AffineV ScaleOf(const AffineJob& job, size_t block) { return hn::Set(FloatTag(), job.scale[block]); }
HWY_INLINE AffineV ShiftOf(const AffineJob& job, size_t block) {
  return job.shift.empty() ? hn::Zero(FloatTag()) : hn::Set(FloatTag(), job.shift[block]);
}

// Elements [first, last) of a tensor whose groups are whole vectors: map(block, from, count, to) for each block's share
// of them.
template <class In, class Out, class Map>
HWY_INLINE void ForBlocks(const AffineJob& job, int64_t first, int64_t last, In, Out, const Map& map) {
  using Stored = typename Out::Stored;
  // What is written past the caches goes there in pieces so short that the machine is still writing one when the next
  // is made.
  constexpr int64_t kStreamedRun = 512;
  HWY_ALIGN Stored run[kStreamedRun];
  BlockCursor blocks(job, first);
  for (const int64_t step = job.streamed ? kStreamedRun : kRun; first < last; first += step) {
    const auto* from = static_cast<const typename In::Stored*>(job.in) + first;
    auto* to = static_cast<Stored*>(job.out) + first;
    const int64_t count = HWY_MIN(step, last - first);
    for (int64_t i = 0; i < count;) {
      const int64_t length = HWY_MIN(count - i, blocks.left());
      map(blocks.block(), from + i, length, (job.streamed ? run : to) + i);
      blocks.Advance(length);
      i += length;
    }
    if (job.streamed) StreamBytes(run, to, count * int64_t{sizeof(Stored)});
  }
}

// Elements [first, last) of any types, by way of f32, run by run. `first` is a multiple of a run.
template <class Step>
HWY_INLINE void ForRuns(const AffineJob& job, int64_t first, int64_t last) {
  HWY_ALIGN float value[kRun], scale[kRun], shift[kRun] = {};
  const FloatTag d;
  for (; first < last; first += kRun) {
    const int64_t count = HWY_MIN(kRun, last - first);
    Widen(job.in_type, job.in, first, count, value);
    Spread(job, job.scale, first, count, scale);
    if (!job.shift.empty()) Spread(job, job.shift, first, count, shift);
    for (int64_t i = 0; i < count; i += Lanes()) {
      const Step step(job, hn::Load(d, scale + i), hn::Load(d, shift + i));
      hn::Store(Step::Finished(step(hn::Load(d, value + i))), d, value + i);
    }
    Narrow(job.out_type, value, first, count, job.out, job.streamed);
  }
}

// Groups of whole vectors are worked on one by one.
constexpr int64_t kVectorGroup = 16;

// Whether elements go straight from tensor to tensor: where values, scales and zero points are of one type, and codes
// are bytes.
HWY_INLINE bool IsDirect(const AffineJob& job, DType values, DType codes) {
  return kMovesVectors && job.group % kVectorGroup == 0 && job.scaling == values && job.shifting == values &&
         (codes == DType::i8 || codes == DType::u8);
}

// Calls body with the type of values and that of codes.
template <class Body>
HWY_INLINE void WithValuesAndBytes(DType values, DType codes, const Body& body) {
  WithFloat(values, [&](auto value) {
    if (codes == DType::i8) return body(value, IntegerElement<int8_t>());
    body(value, IntegerElement<uint8_t>());
  });
}

void Quantize(const AffineJob& job, int64_t first, int64_t last) {
  if (IsDirect(job, job.in_type, job.out_type)) {
    WithValuesAndBytes(job.in_type, job.out_type, [&](auto value, auto code) {
      using Value = decltype(value);
      ForBlocks(job, first, last, value, code, [&](size_t block, const auto* from, int64_t count, auto* to) {
        const QuantizeStep<Value, Value> step(job, ScaleOf(job, block), ShiftOf(job, block));
        MapBlock(value, code, step, from, count, to);
      });
    });
  } else {
    WithFloat(job.scaling, [&](auto scaling) {
      WithFloat(job.shifting,
                [&](auto shifting) { ForRuns<QuantizeStep<decltype(scaling), decltype(shifting)>>(job, first, last); });
    });
  }
  if (job.streamed) end_stream();
}

void Dequantize(const AffineJob& job, int64_t first, int64_t last) {
  if (IsDirect(job, job.out_type, job.in_type)) {
    WithValuesAndBytes(job.out_type, job.in_type, [&](auto value, auto code) {
      using Value = decltype(value);
      ForBlocks(job, first, last, code, value, [&](size_t block, const auto* from, int64_t count, auto* to) {
        const DequantizeStep<Value, Value> step(job, ScaleOf(job, block), ShiftOf(job, block));
        MapCodes(job, code, value, step, from, count, to);
      });
    });
  } else {
    WithFloat(job.scaling, [&](auto scaling) {
      WithFloat(job.shifting, [&](auto shifting) {
        ForRuns<DequantizeStep<decltype(scaling), decltype(shifting)>>(job, first, last);
      });
    });
  }
  if (job.streamed) end_stream();
}

// One block, by its reciprocal if possible.
template <class Value, class Code>
HWY_INLINE void QuantizeTinygemmBlock(const AffineJob& job, Value value, Code code, size_t block,
                                      const typename Value::Stored* from, int64_t count, typename Code::Stored* to) {
  const auto scale = ScaleOf(job, block), zero_point = ShiftOf(job, block);
  if constexpr (!std::is_same_v<Value, F16Element>) {
    if (AllowsReciprocal(job, job.scale[block])) {
      ReciprocalStep<Value> quick(job, scale, zero_point);
      MapBlock(value, code, quick, from, count, to);
      if (!quick.IsUnsure()) return;
    }
  }
  const QuantizeTinygemmStep<Value> step(job, scale, zero_point);
  MapBlock(value, code, step, from, count, to);
}

void QuantizeTinygemm(const AffineJob& job, int64_t first, int64_t last) {
  if (IsDirect(job, job.in_type, job.out_type)) {
    WithValuesAndBytes(job.in_type, job.out_type, [&](auto value, auto code) {
      ForBlocks(job, first, last, value, code, [&](size_t block, const auto* from, int64_t count, auto* to) {
        QuantizeTinygemmBlock(job, value, code, block, from, count, to);
      });
    });
  } else {
    WithFloat(job.scaling, [&](auto type) { ForRuns<QuantizeTinygemmStep<decltype(type)>>(job, first, last); });
  }
  if (job.streamed) end_stream();
}

// Whether differences of bytes and the middle are exact in bf16.
HWY_INLINE bool HasExactOffsets(const AffineJob& job) { return job.middle >= -1 && job.middle <= 128; }

void DequantizeTinygemm(const AffineJob& job, int64_t first, int64_t last) {
  if (IsDirect(job, job.out_type, job.in_type)) {
    WithValuesAndBytes(job.out_type, job.in_type, [&](auto value, auto code) {
      using Value = decltype(value);
      ForBlocks(job, first, last, code, value, [&](size_t block, const auto* from, int64_t count, auto* to) {
        const auto scale = ScaleOf(job, block), zero_point = ShiftOf(job, block);
        if constexpr (std::is_same_v<Value, Bf16Element>) {
          const DequantizeBytesStep step(job, scale, zero_point);
          if (HasExactOffsets(job)) return MapCodes(job, code, value, step, from, count, to);
        }
        const DequantizeTinygemmStep<Value> step(job, scale, zero_point);
        MapCodes(job, code, value, step, from, count, to);
      });
    });
  } else {
    WithFloat(job.scaling, [&](auto type) { ForRuns<DequantizeTinygemmStep<decltype(type)>>(job, first, last); });
  }
  if (job.streamed) end_stream();
}

// to[0 .. count) = elements of a tensor, or their reciprocals, rounded to `as`.
void BlockValues(DType dtype, const void* tensor, int64_t count, DType as, bool reciprocal, float* to) {
  const FloatTag d;
  HWY_ALIGN float run[kRun];
  for (int64_t first = 0; first < count; first += kRun) {
    const int64_t length = HWY_MIN(kRun, count - first);
    Widen(dtype, tensor, first, length, run);
    WithFloat(as, [&](auto element) {
      for (int64_t i = 0; i < length; i += Lanes()) {
        const auto value = hn::Load(d, run + i);
        hn::Store(RoundTo(element, d, reciprocal ? hn::Div(hn::Set(d, 1.0F), value) : value), d, run + i);
      }
    });
    std::memcpy(to + first, run, static_cast<size_t>(length) * sizeof *to);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Quantize);
HWY_EXPORT(Dequantize);
HWY_EXPORT(QuantizeTinygemm);
HWY_EXPORT(DequantizeTinygemm);
HWY_EXPORT(BlockValues);

enum Input : std::size_t { kValues, kScale, kZeroPoint };

// The kernels of one target.
struct Functions {
  void (*map)(const AffineJob&, std::int64_t, std::int64_t);
  void (*block_values)(DType, const void*, std::int64_t, DType, bool, float*);
};

// What torch computes in when elements of both types meet.
DType common_type(DType a, DType b) {
  if (!info(b).is_float || a == b) return a;
  return DType::f32;
}

// Threads share whole runs of elements.
constexpr std::int64_t kShare = 1 << 14;

std::vector<float> block_values(const Call& call, const Functions& functions, std::size_t input, DType as,
                                bool reciprocal) {
  std::vector<float> values(static_cast<std::size_t>(call.input_count(input)));
  functions.block_values(call.input_dtype(input), call.input<std::byte>(input).data(), call.input_count(input), as,
                         reciprocal, values.data());
  return values;
}

void run(const Call& call, const Functions& functions, AffineJob job, bool reciprocal = false) {
  const std::vector<float> scale = block_values(call, functions, kScale, call.input_dtype(kScale), reciprocal);
  std::vector<float> shift;
  if (call.input_count(kZeroPoint) > 0) shift = block_values(call, functions, kZeroPoint, job.shifting, false);
  job.in = call.input<std::byte>(kValues).data();
  job.out = call.output<std::byte>().data();
  job.in_type = call.input_dtype(kValues);
  job.out_type = call.output_dtype();
  job.scale = scale;
  job.shift = shift;
  job.columns = call["K"];
  job.block_rows = call["rows"];
  job.group = call["group"];
  job.low = static_cast<float>(call["quant_min"]);
  job.high = static_cast<float>(call["quant_max"]);
  job.streamed = is_streamed(call.output_count() * info(job.out_type).size_bytes);
  const std::int64_t count = call.output_count(), shares = (count + kShare - 1) / kShare;
  parallel_ranges(shares, call.threads(), [&](std::int64_t first, std::int64_t last) {
    functions.map(job, first * kShare, std::min(last * kShare, count));
  });
}

void run_quantize(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.scaling = common_type(call.input_dtype(kValues), call.input_dtype(kScale));
  const bool shifted = call.input_count(kZeroPoint) > 0;
  job.shifting = shifted ? common_type(job.scaling, call.input_dtype(kZeroPoint)) : job.scaling;
  job.round_first = !shifted || call["order"] == 0;
  run(call, functions, job, true);
}

void run_dequantize(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.shifting = call.output_dtype();
  job.scaling = common_type(job.shifting, call.input_dtype(kScale));
  run(call, functions, job);
}

// One type for values, scales and zero points; the zero point is what the middle of the range stands for.
void run_tinygemm(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.scaling = job.shifting = call.input_dtype(kScale);
  job.middle = static_cast<float>((call["quant_max"] + call["quant_min"] + 1) / 2);
  run(call, functions, job);
}

Functions functions_for(const Target& target, decltype(Functions::map) map) {
  return {map, PLUMB_FOR_TARGET(BlockValues, target)};
}

}  // namespace

Kernel quantize_affine(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(Quantize, target));
  return {"quantize_affine", kExactContract, {}, [functions, target](const Call& call, void*) {
            if (call.input_dtype(kScale) == DType::f64) return quantize_affine_f64(target, call);
            run_quantize(call, functions);
          }};
}

Kernel dequantize_affine(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(Dequantize, target));
  return {"dequantize_affine", kExactContract, {}, [functions, target](const Call& call, void*) {
            if (call.input_dtype(kScale) == DType::f64) return dequantize_affine_f64(target, call);
            run_dequantize(call, functions);
          }};
}

Kernel quantize_tinygemm(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(QuantizeTinygemm, target));
  return {
      "quantize_tinygemm", kExactContract, {}, [functions](const Call& call, void*) { run_tinygemm(call, functions); }};
}

Kernel dequantize_tinygemm(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(DequantizeTinygemm, target));
  return {"dequantize_tinygemm", kExactContract, {}, [functions](const Call& call, void*) {
            run_tinygemm(call, functions);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
