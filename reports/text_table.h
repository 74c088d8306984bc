// The summary as the terminal shows it.
#pragma once

#include <string>

#include "reports/summary.h"

namespace plumb {

/// Aligned table, one line per operator and implementation, a line of totals, one line per skip reason. Each ends in
/// \n. "fail" counts every wrong case; the remark at the line's end says which kinds.
[[nodiscard]] std::string text_table(const Summary& summary);

}  // namespace plumb
