// Whether the target that an implementation is named for is the one whose code runs: so that we know we are testing
// what we think we are testing.
#include "impls/cpu/targets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/targets_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

int64_t TargetOfThisCode() { return HWY_TARGET; }

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(TargetOfThisCode);

const Target* find(std::string_view name) {
  const auto found = std::ranges::find(compiled_targets(), name, &Target::name);
  return found == compiled_targets().end() ? nullptr : &*found;
}

TEST(Targets, NamesAndBitsAreUnique) {
  std::set<std::string> names;
  std::set<std::int64_t> bits;
  for (const Target& target : compiled_targets()) {
    EXPECT_TRUE(names.insert(target.name).second) << target.name;
    EXPECT_TRUE(bits.insert(target.bit).second) << target.name;
    EXPECT_TRUE(std::has_single_bit(static_cast<std::uint64_t>(target.bit))) << target.name;
    EXPECT_TRUE(std::ranges::none_of(target.name, [](unsigned char c) { return std::isupper(c); })) << target.name;
  }
}

TEST(Targets, ScalarIsAlwaysThereAndRuns) {
  ASSERT_NE(find("scalar"), nullptr);
  EXPECT_EQ(find("scalar")->unavailable, "");
}

// targets.cc and the kernels are compiled apart; both must mean the same targets.
TEST(Targets, AreAllThatKernelsAreCompiledFor) {
  std::int64_t listed = 0;
  for (const Target& target : compiled_targets()) listed |= target.bit;
  EXPECT_EQ(listed, HWY_TARGETS);
}

TEST(Targets, BestOneFirst) {
  EXPECT_TRUE(std::ranges::is_sorted(compiled_targets(), {}, &Target::bit));  // Highway: lower bits are better
}

// Of those that this version of Highway compiles for: it leaves AVX3_DL out unless HWY_WANT_AVX3_DL is defined.
TEST(Targets, TheBestOneThatTheCpuRunsIsListed) {
  const std::int64_t supported = hwy::SupportedTargets() & HWY_ATTAINABLE_TARGETS;
  const std::int64_t best = supported & -supported;
  const auto first = std::ranges::find(compiled_targets(), "", &Target::unavailable);
  ASSERT_NE(first, compiled_targets().end());
  EXPECT_EQ(hwy::TargetName(first->bit), std::string(hwy::TargetName(best)));
}

TEST(Targets, UnavailableOnesSayWhatIsMissing) {
  for (const Target& target : compiled_targets()) {
    const bool runs = target.name == "scalar" || (hwy::SupportedTargets() & target.bit) != 0;
    EXPECT_EQ(target.unavailable, runs ? "" : "this CPU lacks " + std::string(hwy::TargetName(target.bit)));
  }
}

#if HWY_ARCH_X86
// An opinion that is not Highway's.
TEST(Targets, AgreeWithTheCompilersViewOfTheCpu) {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  ASSERT_NE(find("avx2"), nullptr);
  EXPECT_EQ(find("avx2")->unavailable.empty(), avx2);
  if (HWY_TARGETS & HWY_SSE4) {  // left out under sanitizers
    ASSERT_NE(find("sse4"), nullptr);
    EXPECT_EQ(find("sse4")->unavailable.empty(), __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("pclmul"));
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  ASSERT_NE(find("avx3"), nullptr);
  EXPECT_EQ(find("avx3")->unavailable.empty(), avx512);
}
#endif

TEST(PlumbForTarget, CallsTheCodeCompiledForIt) {
  int ran = 0;
  for (const Target& target : compiled_targets()) {
    const auto function = PLUMB_FOR_TARGET(TargetOfThisCode, target);
    ASSERT_NE(function, nullptr) << target.name;
    if (!target.unavailable.empty()) continue;
    EXPECT_EQ(function(), target.bit) << target.name << " runs " << hwy::TargetName(function());
    ++ran;
  }
  EXPECT_GE(ran, 1);
}

}  // namespace
}  // namespace plumb::cpu
#endif  // HWY_ONCE
