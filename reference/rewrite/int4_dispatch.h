// Dispatch of torchao's Int4PlainInt32Tensor. Source: torchao 0.18.0, int4_plain_int32_tensor.py.
#pragma once

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// linear(x, Int4PlainInt32Tensor(qdata, scale, zero_point, group_size)) -> torchao::linear_int4_plain_int32. What the
/// subclass does not dispatch (slices, transposes, other operators) is refused by check_int4_dispatch.
[[nodiscard]] Rewrite int4_plain_int32_linear();

/// Throws Error naming the node that reads an Int4PlainInt32Tensor in a way that the subclass does not dispatch.
void check_int4_dispatch(const Graph& graph);

}  // namespace plumb::graph
