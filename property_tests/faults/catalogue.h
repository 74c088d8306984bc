// Every deliberately wrong implementation that `plumb faults` judges: bugs that were reported, rebuilt, and the
// elementary mistakes that they are made of.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "impls/builtin.h"
#include "property_tests/faults/faults.h"

namespace plumb::faults {

/// One entry of the catalogue.
struct Entry {
  std::string id;    ///< "S01", or "linear_q4gsw/offset_7" for an elementary one.
  std::string link;  ///< Where it was reported; empty for an elementary one.
  std::string op;
  std::string place;  ///< "kernel", "pack", "shader", or "elementary".
  std::string mechanism;
  std::string probe;           ///< What is expected to see it; empty for an elementary one.
  std::string diagnosis;       ///< Part of what the verdict has to say of it.
  std::string touches;         ///< Formula over sizes: whether it can show in a case.
  std::string missed_because;  ///< Why a run need not catch it; empty: each has to.
  bool hangs = false;
  std::unique_ptr<Builtin> impl;

  [[nodiscard]] bool is_reported() const { return !link.empty(); }
};

/// The entries whose id matches the pattern, reported bugs first. Throws Error naming the nearest if none does.
[[nodiscard]] std::vector<Entry> catalogue(std::string_view id_pattern);

}  // namespace plumb::faults
