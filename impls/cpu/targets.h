// The instruction sets that CPU kernels are compiled for. Each one is an implementation of its own (cpu.avx2, …).
#pragma once

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plumb::cpu {

/// One compiled Highway target.
struct Target {
  std::int64_t bit;         ///< Highway's HWY_AVX2, HWY_SSE4, …
  std::string name;         ///< Lower case: "avx2"; "scalar" for Highway's one-lane fallback.
  std::string unavailable;  ///< Why this machine cannot run it; empty if it can.
};

/// Every compiled target, best first, also those that this CPU lacks.
[[nodiscard]] const std::vector<Target>& compiled_targets();

/// The best one that this machine can run.
[[nodiscard]] const Target& best_target();

/// Index of a target in a table made by HWY_EXPORT.
inline std::size_t dispatch_index(const Target& target) {
  hwy::ChosenTarget chosen;
  chosen.Update(target.bit);
  return chosen.GetIndex();
}

}  // namespace plumb::cpu

/// The function compiled for `target`. Only below HWY_EXPORT(function), inside HWY_ONCE.
#define PLUMB_FOR_TARGET(function, target) HWY_DISPATCH_TABLE(function)[::plumb::cpu::dispatch_index(target)]
