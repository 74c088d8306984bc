#include "impls/cpu/streamed.h"

#include <cstring>

#include "impls/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/streamed.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kLine = 64;

void Stream(const uint8_t* from, uint8_t* to, int64_t bytes) {
  const hn::CappedTag<uint8_t, kLine> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto beyond_line = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % kLine);
  int64_t i = HWY_MIN(bytes, (kLine - beyond_line) % kLine);
  if (i > 0) std::memcpy(to, from, static_cast<size_t>(i));
  if (lanes > 1) {
    for (; i + kLine <= bytes; i += kLine) {
      for (int64_t part = 0; part < kLine; part += lanes) hn::Stream(hn::LoadU(d, from + i + part), d, to + i + part);
    }
  }
  if (i < bytes) std::memcpy(to + i, from + i, static_cast<size_t>(bytes - i));
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Stream);

}  // namespace

void stream_bytes(const void* from, void* to, std::int64_t bytes) {
  static const auto stream = PLUMB_FOR_TARGET(Stream, best_target());
  stream(static_cast<const std::uint8_t*>(from), static_cast<std::uint8_t*>(to), bytes);
}

void end_stream() { hwy::FlushStream(); }

}  // namespace plumb::cpu
#endif  // HWY_ONCE
