// The columns of a benchmark's table, listed once: the terminal and the page show the same ones.
#pragma once

#include <span>
#include <string>

#include "reports/bench/record.h"

namespace plumb::bench {

/// One column.
struct Column {
  const char* heading;
  const char* meaning;  ///< For the page's legend; empty for names.
  std::string (*text)(const Record& record);
};

/// Names first (there are `kNameColumns`), then numbers, then a remark. A record without a measurement has "-" for its
/// numbers, and its reason for a remark.
[[nodiscard]] std::span<const Column> columns();
inline constexpr std::size_t kNameColumns = 2;

}  // namespace plumb::bench
