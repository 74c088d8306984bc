// Each upstream system's bindings, in a file of its own. all_golden_bindings() puts them together.
#pragma once

#include <vector>

#include "runners/golden_bindings.h"

namespace plumb {

[[nodiscard]] std::vector<GoldenBinding> openvino_bindings();
[[nodiscard]] std::vector<GoldenBinding> nncf_bindings();
[[nodiscard]] std::vector<GoldenBinding> torchao_bindings();
[[nodiscard]] std::vector<GoldenBinding> executorch_bindings();

}  // namespace plumb
