#include "reference/layout/layouts.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/layout/bit_maps.h"
#include "reference/layout/systems.h"
#include "reference/names.h"

namespace plumb {
namespace {

std::vector<Layout> make_layouts() {
  std::vector<Layout> layouts;
  for (const auto system : {nncf_layouts, openvino_layouts, torchao_layouts, executorch_layouts, plumbline_layouts}) {
    for (Layout& layout : system()) layouts.push_back(std::move(layout));
  }
  return layouts;
}

}  // namespace

BitMap row_by_row(int bits) { return in_one_piece(RowByRow{bits}); }

std::span<const Layout> all_layouts() {
  static const std::vector<Layout> layouts = make_layouts();
  return layouts;
}

const Layout& layout_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Layout& layout : all_layouts()) {
    if (layout.name == name) return layout;
    known.push_back(layout.name);
  }
  throw Error(fmt::format("layout '{}' is unknown; nearest: {}", name, nearest_names(name, known)));
}

}  // namespace plumb
