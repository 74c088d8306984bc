// How much memory a worker process may take.
#pragma once

#include <cstdint>

namespace plumb {

/// What the system could give to processes now, without swapping.
[[nodiscard]] std::int64_t free_memory_bytes();

/// From here on this process can take so many bytes more, and then its allocations fail. Counted is writable memory of
/// its own (RLIMIT_DATA), not address space that drivers only reserve. Does nothing under sanitizers.
void limit_memory(std::int64_t bytes);
/// Whether more than half of that is taken. False where nothing is limited.
[[nodiscard]] bool is_memory_used_up();

}  // namespace plumb
