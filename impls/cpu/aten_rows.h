// Rows of an activation quantised to int8 and back as ATen's dyn_quant_matmul_4bit does.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/builtin.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// Rows [first, last) of x [M, columns] in place, compiled for one target.
using AtenRows = void (*)(std::int64_t columns, std::int64_t first, std::int64_t last, float* x);
[[nodiscard]] AtenRows aten_rows_of(const Target& target);

/// Input 0 of the call, quantised and back: (q - zp) / s.
[[nodiscard]] std::vector<float> aten_quantised_rows(const Call& call, AtenRows rows);

}  // namespace plumb::cpu
