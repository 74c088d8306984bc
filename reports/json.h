// A run as JSON (results.json), and a record as one line of it (what a worker process sends its parent).
//
//   {"format": "plumbline results", "version": 1,
//    "info": {"command": "plumb check", …},
//    "records": [
//   {"op":"linear_q4gsw","impl":"cpu.avx2",…,"outcome":"fail",…,"worst":{"port":"y","index":[2,64],"got":"nan",…},…},
//   …]}
//
// Fields are named as in record.h, each present, none unknown; an absent `worst` is null. Writing and reading back
// gives the same bits: finite doubles are shortest round-trip decimals ("-0.0" keeps its sign), and since JSON knows no
// others the rest are strings: "inf", "-inf", "nan" (the usual quiet one), "nan:7ff8000000000001" (any other, its bits
// in hex). Text must be UTF-8; a byte that is not becomes U+FFFD on writing.
#pragma once

#include <string>
#include <string_view>

#include "reports/record.h"

namespace plumb {

[[nodiscard]] std::string write_json(const Run& run);

/// Inverse of write_json. Throws one plumb::Error for a text that is truncated, malformed, of another format or
/// version, or has a missing, unknown or wrongly typed field; it names the JSON pointer, as in "/records/3/worst/got".
[[nodiscard]] Run read_json(std::string_view text);

/// One line, without the line feed at its end.
[[nodiscard]] std::string record_to_line(const Record& record);

/// Inverse of record_to_line. Throws plumb::Error as read_json does, so a line cut off by a crash is never a record.
[[nodiscard]] Record record_from_line(std::string_view line);

/// Facts about a run on one line, and their inverse, likewise.
[[nodiscard]] std::string info_to_line(const RunInfo& info);
[[nodiscard]] RunInfo info_from_line(std::string_view line);

}  // namespace plumb
