#include "runners/byte_lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runners/byte_lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void TakeLanesApart(const uint8_t* HWY_RESTRICT bytes, int64_t threes, uint8_t* HWY_RESTRICT lanes) {
  const hn::ScalableTag<uint8_t> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + step <= threes; i += step) {
    hn::Vec<decltype(d)> a, b, c;
    hn::LoadInterleaved3(d, bytes + kByteLanes * i, a, b, c);
    hn::StoreU(a, d, lanes + i);
    hn::StoreU(b, d, lanes + threes + i);
    hn::StoreU(c, d, lanes + 2 * threes + i);
  }
  for (; i < threes; ++i) {
    for (int64_t lane = 0; lane < kByteLanes; ++lane) lanes[lane * threes + i] = bytes[kByteLanes * i + lane];
  }
}

void PutLanesTogether(const uint8_t* HWY_RESTRICT lanes, int64_t threes, uint8_t* HWY_RESTRICT bytes) {
  const hn::ScalableTag<uint8_t> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + step <= threes; i += step) {
    const auto a = hn::LoadU(d, lanes + i), b = hn::LoadU(d, lanes + threes + i);
    hn::StoreInterleaved3(a, b, hn::LoadU(d, lanes + 2 * threes + i), d, bytes + kByteLanes * i);
  }
  for (; i < threes; ++i) {
    for (int64_t lane = 0; lane < kByteLanes; ++lane) bytes[kByteLanes * i + lane] = lanes[lane * threes + i];
  }
}

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb {

HWY_EXPORT(TakeLanesApart);
HWY_EXPORT(PutLanesTogether);

void take_lanes_apart(const std::uint8_t* bytes, std::int64_t threes, std::uint8_t* lanes) {
  HWY_DYNAMIC_DISPATCH(TakeLanesApart)(bytes, threes, lanes);
}

void put_lanes_together(const std::uint8_t* lanes, std::int64_t threes, std::uint8_t* bytes) {
  HWY_DYNAMIC_DISPATCH(PutLanesTogether)(lanes, threes, bytes);
}

}  // namespace plumb
#endif
