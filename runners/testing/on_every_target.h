// Tests of vectors, on every instruction set that this machine can run.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <functional>

namespace plumb {

/// Runs `test` once for each instruction set on which `is_usable`; fails if that is none.
inline void on_every_target(const std::function<bool()>& is_usable, const std::function<void()>& test) {
  int targets = 0;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    SCOPED_TRACE(hwy::TargetName(left & -left));
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    if (!is_usable()) continue;
    ++targets;
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_GT(targets, 0);
}

inline void on_every_target(const std::function<void()>& test) {
  on_every_target([] { return true; }, test);
}

}  // namespace plumb
