#include "impls/cpu/streamed.h"

#include "impls/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/streamed.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

void Stream(const uint8_t* from, uint8_t* to, int64_t bytes) { StreamBytes(from, to, bytes); }

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
