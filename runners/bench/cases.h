// What `plumb bench` measures: one table of cases, written for the shapes that the user asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runners/case.h"

namespace plumb::bench {

/// A weight and what multiplies it: [N, K] in groups of `group`, M rows of activation.
struct Extents {
  std::int64_t M, N, K, group;
};

/// "4096x4096" is N x K; "32x4096x4096" is M x N x K. Throws Error naming --shape otherwise.
[[nodiscard]] Extents parse_shape_flag(std::string_view text, std::int64_t group);

/// One thing to measure.
struct BenchCase {
  std::string kind;  ///< "pack", "unpack", "repack", "quantize", "dequantize", "lookup", "linear", "int8 linear".
  Case test_case;
  double bar;       ///< The share of memcpy's rate that is aimed at; 0 = none.
  double read_bar;  ///< The share of plain reading's rate that is aimed at; 0 = none.
};

/// The groups that the table is divided into ("pack", "linear"), and "repack".
[[nodiscard]] std::vector<std::string> group_names();

/// The cases of the groups (all, if there are none) for operators that match the pattern. Throws Error naming the
/// nearest ones if a group is unknown, or the pattern names nothing here nor in `others`.
[[nodiscard]] std::vector<BenchCase> plan_bench(const std::vector<std::string>& groups, std::string_view op_pattern,
                                                const std::vector<Extents>& shapes,
                                                const std::vector<std::string>& others = {});

}  // namespace plumb::bench
