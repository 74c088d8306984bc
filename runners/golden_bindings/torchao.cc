#include "runners/golden_bindings/systems.h"

namespace plumb {

std::vector<GoldenBinding> torchao_bindings() { return {}; }

}  // namespace plumb
