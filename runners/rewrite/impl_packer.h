// Re-packing constants with an implementation of the pack operators, through the C ABI.
#pragma once

#include <memory>
#include <string>

#include "reference/rewrite/packer.h"

namespace plumb {

/// A packer that calls the built-in implementation of that name, e.g. "cpu.avx2" or "vulkan"; "reference" are the
/// oracles. `pack` throws Error if that implementation has no such operator or refuses the call.
[[nodiscard]] std::shared_ptr<const graph::Packer> packer_named(const std::string& impl);

}  // namespace plumb
