// Measuring `plumb repack`'s conversions, in memory, beside memcpy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/bench/bench.h"

namespace plumb::bench {

inline constexpr const char* kRepackGroup = "repack";       ///< Also part of the group "pack".
inline constexpr const char* kRepackImpl = "plumb.repack";  ///< The implementation's name.

/// A weight [rows, columns] that goes from one layout to another of the same width.
struct RepackCase {
  const Layout* from;
  const Layout* to;
  Extent extent;
};

/// "repack/et_vk.q4gsw/plumb.rows_8": what --op patterns are matched with.
[[nodiscard]] std::string op_name(const RepackCase& repack);
/// With the extent: "repack/et_vk.q4gsw/plumb.rows_8[N=4096,K=4096]".
[[nodiscard]] std::string case_name(const RepackCase& repack);

/// Every ordered pair of layouts of one width whose name matches the pattern; for "*" some that stand for the others.
/// None if there are groups and "pack" and "repack" are not among them.
[[nodiscard]] std::vector<RepackCase> plan_repacks(const std::vector<std::string>& groups, std::string_view op_pattern,
                                                   const std::vector<Extents>& shapes);

/// Appends records of all cases to the run.
void measure_repacks(const std::vector<RepackCase>& repacks, const BenchOptions& options, Run& run);

}  // namespace plumb::bench
