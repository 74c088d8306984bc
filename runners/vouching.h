// What the cases of a campaign could have shown: to its verdict, and to people who read it.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/record.h"
#include "reports/table.h"
#include "runners/case.h"

namespace plumb {

/// From how many cases on an input of the operator that none of them vouches for is held against the data: cases ask
/// inputs in turn, and few may miss one.
[[nodiscard]] std::int64_t cases_needed(const Op& op);

/// A vacuous record for each input of an operator that none of its cases vouches for, if there are as many as needed;
/// for each of which fewer single elements showed than Port::least_shown says, by more than chance, in thirty cases or
/// more; and for each
/// operator in which nothing depends on any input in more than a tenth of ten cases or more. `records` are those of a
/// whole campaign.
[[nodiscard]] std::vector<Record> vacuous_inputs(const std::vector<Record>& records);

/// A row for each input of each operator: of the elements that were changed one at a time all over the campaign, how
/// many moved an output past its bound, and how many should. Without rows if nobody looked.
[[nodiscard]] Table vouching_table(const std::vector<Record>& records);

/// A row for each input of each case that can be changed: the same for some of its elements. Cases with probes, which
/// are about calls, are left out; of cases that would take long it is said that nobody looked.
[[nodiscard]] Table vouching_table(const std::vector<Case>& cases);

}  // namespace plumb
