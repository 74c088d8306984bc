// The columns of an accuracy table, listed once: the terminal shows some, the page all of them.
#pragma once

#include <span>
#include <string>

#include "reports/accuracy/record.h"

namespace plumb::accuracy {

struct Column {
  const char* heading;
  const char* meaning;  ///< For the page's legend.
  bool on_terminal;
  std::string (*text)(const Record& record);  ///< "-" for what is not known.
};

/// Names first (there are `kNameColumns`), then numbers. The reason is not among them.
[[nodiscard]] std::span<const Column> columns();
inline constexpr std::size_t kNameColumns = 2;

/// "0.21 %", "-3e-07 %"; "-" for NaN.
[[nodiscard]] std::string percent_text(double share);

}  // namespace plumb::accuracy
