#include "impls/cpu/targets.h"

#include <fmt/format.h>
#include <hwy/base.h>

#include <algorithm>
#include <cctype>

namespace plumb::cpu {

const std::vector<Target>& compiled_targets() {
  static const std::vector<Target> targets = [] {
    std::vector<Target> found;
    const std::int64_t runnable = hwy::SupportedTargets();
    for (std::int64_t rest = HWY_TARGETS; rest != 0; rest &= rest - 1) {
      const std::int64_t bit = rest & -rest;
      const bool scalar = (bit & (HWY_SCALAR | HWY_EMU128)) != 0;
      std::string name = scalar ? "scalar" : hwy::TargetName(bit);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      const bool can_run = scalar || (runnable & bit) != 0;
      found.push_back({bit, name, can_run ? "" : fmt::format("this CPU lacks {}", hwy::TargetName(bit))});
    }
    return found;
  }();
  return targets;
}

const Target& best_target() {
  // The scalar target runs everywhere.
  return *std::ranges::find_if(compiled_targets(), [](const Target& target) { return target.unavailable.empty(); });
}

}  // namespace plumb::cpu
