// round-inl.h on every target that this CPU can run, against the reference's rounding.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "impls/cpu/targets.h"
#include "reference/dtype.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/round_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/round-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[i] = values[i] rounded, back[i] = to[i] as f32; count is a multiple of the lanes.
template <class Element>
void RoundTrip(const float* values, typename Element::Stored* to, float* back, size_t count) {
  const hn::ScalableTag<float> d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    StoreRounded(Element(), d, RoundTo(Element(), d, hn::LoadU(d, values + i)), to + i);
    hn::StoreU(LoadAsF32(Element(), d, to + i), d, back + i);
  }
}

void RoundTripF16(const float* values, uint16_t* to, float* back, size_t count) {
  RoundTrip<F16Element>(values, to, back, count);
}
void RoundTripBf16(const float* values, uint16_t* to, float* back, size_t count) {
  RoundTrip<Bf16Element>(values, to, back, count);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(RoundTripF16);
HWY_EXPORT(RoundTripBf16);

// Every exponent with significands around every tie, and random bits.
std::vector<float> operands() {
  std::vector<float> values;
  for (std::uint32_t high = 0; high < 1U << 16; ++high) {
    for (const std::uint32_t low : {0U, 1U, 0x0fffU, 0x1000U, 0x1001U, 0x3000U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      values.push_back(std::bit_cast<float>(high << 16 | low));
    }
  }
  std::mt19937 random(3);
  while (values.size() % 64 != 0 || values.size() < 1'000'000)
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  return values;
}

template <typename Function>
void check(const Function& round_trip, DType type) {
  const std::vector<float> values = operands();
  std::vector<std::uint16_t> stored(values.size());
  std::vector<float> back(values.size());
  round_trip(values.data(), stored.data(), back.data(), values.size());
  int wrong = 0;
  for (std::size_t i = 0; i < values.size() && wrong < 5; ++i) {
    const double want = round_to(type, values[i]);
    const double got = load(type, reinterpret_cast<const std::byte*>(&stored[i]));
    const bool same = std::isnan(want) ? std::isnan(got) && std::isnan(back[i])
                                       : got == want && back[i] == want && std::signbit(back[i]) == std::signbit(want);
    EXPECT_TRUE(same) << std::hexfloat << values[i] << ": want " << want << ", got " << got << " and " << back[i];
    wrong += same ? 0 : 1;
  }
}

TEST(Round, IsTheReferencesOnEveryTarget) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE(target.name);
    check(PLUMB_FOR_TARGET(RoundTripF16, target), DType::f16);
    check(PLUMB_FOR_TARGET(RoundTripBf16, target), DType::bf16);
  }
}

}  // namespace
}  // namespace plumb::cpu
#endif  // HWY_ONCE
