#include "runners/golden_bindings.h"

#include <algorithm>

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

std::vector<GoldenBinding> make_bindings() {
  std::vector<GoldenBinding> bindings;
  for (const auto system : {openvino_bindings, torchao_bindings, executorch_bindings, affine_bindings}) {
    for (GoldenBinding& binding : system()) bindings.push_back(std::move(binding));
  }
  return bindings;
}

}  // namespace

std::span<const GoldenBinding> all_golden_bindings() {
  static const std::vector<GoldenBinding> bindings = make_bindings();
  return bindings;
}

const GoldenBinding* find_golden_binding(std::string_view golden_op) {
  const auto bindings = all_golden_bindings();
  const auto found = std::ranges::find(bindings, golden_op, &GoldenBinding::golden_op);
  return found == bindings.end() ? nullptr : &*found;
}

}  // namespace plumb
