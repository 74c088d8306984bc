// Each upstream system's layouts, in a file of its own. all_layouts() puts them together.
#pragma once

#include <vector>

#include "reference/layout/layout.h"

namespace plumb {

[[nodiscard]] std::vector<Layout> nncf_layouts();
[[nodiscard]] std::vector<Layout> openvino_layouts();
[[nodiscard]] std::vector<Layout> torchao_layouts();
[[nodiscard]] std::vector<Layout> executorch_layouts();
/// What plumbline's own kernels repack weights to.
[[nodiscard]] std::vector<Layout> plumbline_layouts();

/// Codes of `bits` bits, a divisor of 8, one after the other in rows of `padded.columns`, the first in the lowest bits.
[[nodiscard]] BitMap row_by_row(int bits);

}  // namespace plumb
