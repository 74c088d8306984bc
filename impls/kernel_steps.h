// A kernel as one step of another.
#pragma once

#include <vector>

#include "impls/builtin.h"

namespace plumb {

/// A copy of an input, as a tensor of `shape`.
[[nodiscard]] Tensor copied_input(const Call& call, std::size_t input, const Shape& shape);

/// What a kernel without `prepare` gives; parameters that are not given take their default. Throws as the kernel does,
/// and Error if its operator forbids the call.
[[nodiscard]] std::vector<Tensor> run_step(const Kernel& kernel, const Sizes& params, const std::vector<Tensor>& inputs,
                                           int threads);

/// Writes an output.
void store_tensor(const Call& call, std::size_t output, const Tensor& tensor);

}  // namespace plumb
