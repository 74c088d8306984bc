// A run as a spreadsheet reads it (RFC 4180): a header row, then one row per record, each ended by CRLF.
#pragma once

#include <string>

#include "reports/record.h"

namespace plumb {

/// Columns are the fields of record.h, `worst` spread over worst_port … worst_ratio (empty if absent), its index as
/// "2;64". Numbers read back exactly; not-finite ones are nan, inf, -inf. A field holding a comma, a quote, a line
/// break or a blank at either end is quoted.
[[nodiscard]] std::string write_csv(const Run& run);

}  // namespace plumb
