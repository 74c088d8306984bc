// Re-packing of constants: rewrites ask for it here, so that any implementation of the pack operators can do it.
#pragma once

#include <string_view>
#include <vector>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Calls one of the operators of reference/ops.cc that move or sum codes.
class Packer {
 public:
  virtual ~Packer() = default;
  /// The first output of operator `op` for `inputs` and `params` (sizes follow from shapes; a "dtype" parameter that is
  /// named here as -1 is the first input's). Throws Error if the implementation refuses.
  [[nodiscard]] virtual Tensor pack(std::string_view op, const std::vector<Tensor>& inputs,
                                    const std::map<std::string, std::int64_t>& params) const = 0;
};

/// By the oracles.
[[nodiscard]] const Packer& reference_packer();

/// A constant as a tensor, and back.
[[nodiscard]] Tensor tensor_of(const Constant& constant);
[[nodiscard]] ConstantRef constant_of(const Tensor& tensor);

}  // namespace plumb::graph
