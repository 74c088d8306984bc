#include "reference/layout/systems.h"

namespace plumb {

std::vector<Layout> torchao_layouts() { return {}; }

}  // namespace plumb
