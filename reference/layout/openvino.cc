#include "reference/layout/systems.h"

namespace plumb {

std::vector<Layout> openvino_layouts() { return {}; }

}  // namespace plumb
