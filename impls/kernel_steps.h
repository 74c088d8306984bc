// A kernel as one step of another.
#pragma once

#include <vector>

#include "impls/builtin.h"

namespace plumb {

/// A copy of an input, as a tensor of `shape`.
[[nodiscard]] Tensor copied_input(const Call& call, std::size_t input, const Shape& shape);

/// What a kernel's `prepare` makes of these inputs, of which those that are not constant count by their shape alone;
/// nullptr if it has none. Parameters that are not given take their default. Throws as the kernel does, and Error if
/// its operator forbids the call.
[[nodiscard]] std::shared_ptr<void> prepare_step(const Kernel& kernel, const Sizes& params,
                                                 const std::vector<Tensor>& inputs);
/// What a kernel gives; `prepared` is what prepare_step made. Throws likewise.
[[nodiscard]] std::vector<Tensor> run_step(const Kernel& kernel, const Sizes& params, const std::vector<Tensor>& inputs,
                                           int threads, void* prepared = nullptr);

/// Writes an output.
void store_tensor(const Call& call, std::size_t output, const Tensor& tensor);

}  // namespace plumb
