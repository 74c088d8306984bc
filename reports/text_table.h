// The summary as the terminal shows it.
#pragma once

#include <string>

#include "reports/summary.h"
#include "reports/table.h"

namespace plumb {

/// Aligned table, one line per operator and implementation, a line of totals, one line per skip reason. Each ends in
/// \n. "fail" counts every wrong case; the remark at the line's end says which kinds.
[[nodiscard]] std::string text_table(const Summary& summary);

/// A table of a run for the terminal: title, note and aligned columns.
[[nodiscard]] std::string text_table(const Table& table);

}  // namespace plumb
