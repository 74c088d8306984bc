// A graph as large as real models are, for measuring.
#pragma once

#include <cstdint>
#include <filesystem>

namespace plumb {

/// Writes large.json, and beside it a sparse large.bin of `bytes`: linear layers one after the other, each with a
/// weight of packed nibbles that is unpacked, reshaped, converted and scaled; about `nodes` nodes. Throws Error if it
/// cannot be written.
void make_large_graph(const std::filesystem::path& folder, std::int64_t nodes, std::int64_t bytes);

}  // namespace plumb
