// Blocks in registers, and permutations of their bytes. For every Highway target; include it inside no namespace.
#if defined(RUNNERS_TILE_PERMUTATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNERS_TILE_PERMUTATION_INL_H_
#undef RUNNERS_TILE_PERMUTATION_INL_H_
#else
#define RUNNERS_TILE_PERMUTATION_INL_H_
#endif

#include "runners/tile_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// A part of a loop over registers must be part of it.
#define TILE_LAMBDA HWY_ATTR __attribute__((always_inline))

constexpr size_t kParts = kBlockBytes >> kPartBits;

// A block in registers, or in as many as they are narrower.
struct Block {
  V v[kVectors];
};

// Part `number` of a block, in every part of a vector.
HWY_INLINE V Everywhere(Bytes d, const Block& block, size_t number) {
  const V v = block.v[number * 16 / kLanes];
  if constexpr (kLanes == 16) return v;
  if constexpr (kLanes == 32) return number % 2 == 0 ? hn::ConcatLowerLower(d, v, v) : hn::ConcatUpperUpper(d, v, v);
  if constexpr (kLanes == 64) {
    const hn::Repartition<uint32_t, Bytes> d32;
    alignas(64) uint32_t words[16];
    for (uint32_t i = 0; i < 16; ++i) words[i] = static_cast<uint32_t>(number) * 4 + i % 4;
    return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32, v), hn::SetTableIndices(d32, words)));
  }
}

#if HWY_TARGET == HWY_AVX2
// What a permutation needs, in registers.
class Permutation {
 public:
  HWY_INLINE explicit Permutation(const TileStep& step) : by_(step.halves) {
    if (by_.parts_before) parts_before_ = Table(Bytes(), *by_.parts_before);
    if (by_.parts_after) parts_after_ = Table(Bytes(), *by_.parts_after);
    if (by_.words_before) words_before_ = hn::SetTableIndices(d32_, by_.words_before->data());
    if (by_.words_after) words_after_ = hn::SetTableIndices(d32_, by_.words_after->data());
  }

  HWY_INLINE void operator()(Block& block) const {
    const Bytes d;
    const hn::Repartition<uint64_t, Bytes> d64;
    V a = block.v[0], b = block.v[1];
    const auto parts = [&](V order) TILE_LAMBDA {
      a = hn::TableLookupBytes(a, order);
      b = hn::TableLookupBytes(b, order);
    };
    const auto words = [&](hn::Indices256<uint32_t> order) TILE_LAMBDA {
      a = hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32_, a), order));
      b = hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32_, b), order));
    };
    if (by_.parts_before) parts(parts_before_);
    if (by_.words_before) words(words_before_);
    if (by_.exchanges_halves) {
      const auto first = hn::BitCast(d64, a), second = hn::BitCast(d64, b);
      a = hn::BitCast(d, hn::InterleaveLower(d64, first, second));
      b = hn::BitCast(d, hn::InterleaveUpper(d64, first, second));
    }
    if (by_.words_after) words(words_after_);
    if (by_.parts_after) parts(parts_after_);
    block.v[0] = a;
    block.v[1] = b;
  }

 private:
  hn::Repartition<uint32_t, Bytes> d32_;
  const HalvesPermutation& by_;
  V parts_before_ = hn::Zero(Bytes()), parts_after_ = parts_before_;
  hn::Indices256<uint32_t> words_before_{}, words_after_{};
};
#else
// What a permutation needs, in registers.
class Permutation {
 public:
  HWY_INLINE explicit Permutation(const TileStep& step) : keeps_parts_(step.keeps_parts) {
    const Bytes d;
    for (size_t i = 0; i < kVectors; ++i) order_.v[i] = hn::LoadU(d, step.order.data() + i * kLanes);
  }

  HWY_INLINE void operator()(Block& block) const {
    const Bytes d;
#if HWY_TARGET == HWY_AVX3_DL
    block.v[0] = V{_mm512_permutexvar_epi8(order_.v[0].raw, block.v[0].raw)};
#else
    if (keeps_parts_) {
      for (V& v : block.v) v = hn::TableLookupBytes(v, hn::And(order_.v[0], hn::Set(d, 15)));
      return;
    }
    const Block old = block;
    for (size_t part = 0; part < kParts; ++part) {
      const V source = Everywhere(d, old, part);
      for (size_t i = 0; i < kVectors; ++i) {
        // Bytes of this part have numbers below 16; others get bit 7, which looks up zero.
        const V distance = hn::Sub(order_.v[i], hn::Set(d, static_cast<uint8_t>(part * 16)));
        const V outside = hn::VecFromMask(d, hn::Gt(distance, hn::Set(d, 15)));
        const V taken = hn::TableLookupBytesOr0(source, hn::Or(distance, hn::And(outside, hn::Set(d, 128))));
        block.v[i] = part == 0 ? taken : hn::Or(block.v[i], taken);
      }
    }
#endif
  }

 private:
  Block order_;
  bool keeps_parts_;
};
#endif

#endif

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
