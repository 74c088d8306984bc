// Writing large outputs past the caches.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumb::cpu {

/// Whether an output is so large that its first bytes have left the caches when its last ones are written. Then lines
/// need not be read before they are written, if they are written whole.
[[nodiscard]] constexpr bool is_streamed(std::int64_t output_bytes) { return output_bytes >= std::int64_t{32} << 20; }

/// Copies bytes, which are best in the nearest cache, with stores that go past the caches. Other threads see them once
/// `end_stream` has been called.
void stream_bytes(const void* from, void* to, std::int64_t bytes);
void end_stream();

}  // namespace plumb::cpu
