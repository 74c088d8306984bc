// Bytes that come in threes, taken apart into three stretches, and put together again.
#pragma once

#include <cstdint>

namespace plumb {

inline constexpr std::int64_t kByteLanes = 3;

/// Byte `lane` of three number i goes to lanes[lane * threes + i].
void take_lanes_apart(const std::uint8_t* bytes, std::int64_t threes, std::uint8_t* lanes);
/// And back.
void put_lanes_together(const std::uint8_t* lanes, std::int64_t threes, std::uint8_t* bytes);

}  // namespace plumb
