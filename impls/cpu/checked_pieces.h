// Packing codes that have limits: looked at while they are read anyway, a piece that fits the cache at a time.
#pragma once

#include <cstdint>
#include <functional>

#include "impls/builtin.h"

namespace plumb::cpu {

/// What one piece of a call's work reads of the first input and writes of the first output.
struct Piece {
  std::int64_t first_element, element_count;
  std::int64_t first_byte, byte_count;
};

/// Codes of a piece, in bytes, that stay in the nearest cache from looking at them to packing them.
inline constexpr std::int64_t kCheckedBytes = 1 << 14;

/// Calls body(i) for every i in [0, pieces) whose elements lie within the limits of the first input; pieces write no
/// byte of the output twice. The bytes that a piece overwrites are set aside before: if an element of any piece lies
/// outside, the output is put back as it was, and Error is thrown as Call::check_limits does. `body` must not throw.
/// For kernels whose `checks_limits` is set.
void run_checked(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                 const std::function<void(std::int64_t)>& body);

/// Bytes that a piece may pack if it looks at its own codes.
inline constexpr std::int64_t kStagedBytes = 1 << 13;

/// The same where elements of a piece do not lie side by side: body(i, to) packs a piece's bytes, kStagedBytes at most,
/// to `to` and returns whether all its elements lie within the limits.
void run_staged(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                const std::function<bool(std::int64_t, std::uint8_t*)>& body);

}  // namespace plumb::cpu
