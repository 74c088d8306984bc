// repack_embedding: the nibbles of each byte change places, whichever order is wanted.

#include "impls/cpu/kernels.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/repack_embedding.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void SwapNibbles(const uint8_t* in, uint8_t* out, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bytes = hn::LoadU(d, in + i);
    hn::StoreU(hn::Or(hn::ShiftLeft<4>(bytes), hn::ShiftRight<4>(bytes)), d, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<uint8_t>(in[i] << 4 | in[i] >> 4);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(SwapNibbles);

Kernel repack_embedding(const Target& target) {
  const auto swap = PLUMB_FOR_TARGET(SwapNibbles, target);
  return {"repack_embedding", kExactContract, {}, [swap](const Call& call, void*) {
            const std::uint8_t* in = call.input<std::uint8_t>(0).data();
            std::uint8_t* out = call.output<std::uint8_t>().data();
            for_row_chunks(call.output_count(), 1, call.threads(),
                           [&](std::int64_t first, std::int64_t last) { swap(in + first, out + first, last - first); });
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
