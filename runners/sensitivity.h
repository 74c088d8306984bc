// Whether a case could have shown a fault: an input that no output depends on proves nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runners/check.h"

namespace plumb {

/// Changes every element of an input by about one step of its kind (a code, an index, a power of two of an exact scale,
/// a sixteenth of other numbers), to zero or one, or its first element alone, where that says nothing, and evaluates
/// the oracle anew. Whether some output moves past its bound, that of f32 accumulators.
[[nodiscard]] bool depends_on(const Question& question, const DataMode& mode, const std::string& input);

/// The inputs that can be changed: which are there, have more than one legal value, and do not follow from others (sums
/// of codes).
[[nodiscard]] std::vector<std::string> changeable_inputs(const Op& op, const Problem& problem);

/// Name of an input on which some output depends. They are asked in turn, the first one chosen by `turn`; empty if
/// nothing depends on any, and the case is vacuous.
[[nodiscard]] std::string vouched_input(const Question& question, const DataMode& mode, std::uint64_t turn);

/// From how many cases on an input of the operator that none of them vouches for is held against the data: cases ask
/// inputs in turn, and few may miss one.
[[nodiscard]] std::int64_t cases_needed(const Op& op);

/// A vacuous record for each input of an operator that none of its cases vouches for, if there are as many as needed;
/// and for each operator in which nothing depends on any input in more than a tenth of ten cases or more. `records` are
/// those of a whole campaign.
[[nodiscard]] std::vector<Record> vacuous_inputs(const std::vector<Record>& records);

/// The share of single elements, of `count` taken from all of an input, whose change moves an output past its bound; a
/// case in which few elements of an input matter vouches for few.
[[nodiscard]] double sensitivity(const Question& question, const DataMode& mode, const std::string& input, int count);

}  // namespace plumb
