// What this machine can do at best: copying and reading memory, multiplying and adding. Benchmarks stand beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace plumb::cpu {

/// Copies `from` to `to`, which are equally long, with the C library's memcpy, a piece for each thread.
void copy_memory(std::span<const std::byte> from, std::span<std::byte> to, int threads);

/// Reads every whole 8-byte word with the widest loads there are, a piece for each thread. Returns the words' sum
/// modulo 2^64, so that nothing can be left out.
[[nodiscard]] std::uint64_t read_memory(std::span<const std::byte> memory, int threads);

/// Multiplies and adds f32 in registers, in as many independent chains as keep the units busy. Returns the number of
/// floating-point operations done by all threads together: two for each multiplication with addition.
[[nodiscard]] std::int64_t multiply_and_add(std::int64_t rounds, int threads);

}  // namespace plumb::cpu
