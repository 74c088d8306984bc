#include "impls/impls.h"

#include "impls/cpu/kernels.h"
#include "impls/vulkan/vulkan.h"

namespace plumb {
namespace {

void append_cpu_impls(Builtins& impls) {
  for (const cpu::MakeKernel make : cpu::kKernels) {
    for (const cpu::Target& target : cpu::compiled_targets()) {
      impls.push_back(std::make_unique<Builtin>("cpu." + target.name, target.unavailable, make(target)));
    }
  }
}

}  // namespace

const Builtins& builtin_impls() {
  static const Builtins impls = [] {
    Builtins all;
    append_cpu_impls(all);
    append_vulkan_impls(all);
    return all;
  }();
  return impls;
}

}  // namespace plumb
