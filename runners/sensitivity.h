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

/// Looks for an input on which some output depends. They are asked in turn, the first one chosen by `turn`: some of its
/// elements are changed by one step one at a time (none where the oracle takes long), and if none of these shows, all
/// of them at once. Counts are those of the input that is asked first.
[[nodiscard]] Vouch vouch_for(const Question& question, const DataMode& mode, std::uint64_t turn);

/// Changes `count` elements taken from all of an input by one step one at a time, and counts those that move an output
/// past its bound; a case in which few elements of an input matter vouches for few.
[[nodiscard]] Vouch sensitivity(const Question& question, const DataMode& mode, const std::string& input, int count);

}  // namespace plumb
