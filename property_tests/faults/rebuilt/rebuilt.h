// Bugs that other projects reported, rebuilt: each one wrong in the way its report describes. rebuilt.cc is the table.
#pragma once

#include <memory>
#include <span>

#include "impls/builtin.h"

namespace plumb::faults {

/// A reported bug as an implementation.
struct Rebuilt {
  const char* id;         ///< Of the record of reports, e.g. "S01"; "S01.vulkan" for a second form of it.
  const char* link;       ///< Where it was reported.
  const char* op;         ///< Operator.
  const char* place;      ///< "kernel", "pack" or "shader".
  const char* mechanism;  ///< What is wrong, in one line.
  const char* probe;      ///< What of plumbline has to see it: a word of `probe_of` (score.h).
  const char* diagnosis;  ///< Part of what the verdict has to say: of its diagnosis, or of its reason.
  Kernel (*make)();
  const char* may_be_missed = "";  ///< Why a run need not see it; empty: each has to.
};

/// All of them, in the order of the table.
[[nodiscard]] std::span<const Rebuilt> rebuilt_faults();

/// A record that is not rebuilt here, and why.
struct NotRebuilt {
  const char* id;
  const char* reason;
};
[[nodiscard]] std::span<const NotRebuilt> not_rebuilt();

// Where they are made: a file for each kind.
[[nodiscard]] Kernel rebuilt_linear(const char* id);
[[nodiscard]] Kernel rebuilt_compressed(const char* id);
[[nodiscard]] Kernel rebuilt_int8(const char* id);
[[nodiscard]] Kernel rebuilt_pack(const char* id);
[[nodiscard]] Kernel rebuilt_shader(const char* id);

}  // namespace plumb::faults
