// Whether a case could have shown a fault: an input that no output depends on proves nothing.
#pragma once

#include <string>
#include <vector>

#include "runners/check.h"

namespace plumb {

/// What became of the outputs when an input was changed.
struct Dependence {
  std::string input;
  bool seen;  ///< Some output moved past its bound.
};

/// Changes every element of an input by about one step of its kind (a code, an index, a power of two of an exact scale,
/// a sixteenth of other numbers) and evaluates the oracle anew; so for each input that can be changed. The bound is
/// that of f32 accumulators. Not asked are inputs that follow from others (sums of codes).
[[nodiscard]] std::vector<Dependence> dependences(const Question& question, const DataMode& mode);

/// Names the inputs of which nothing depends; empty if there are none. Some operators ignore an input in some cases by
/// their definition (see the table in sensitivity.cc): those are not named.
[[nodiscard]] std::string vacuous_inputs(const Question& question, const DataMode& mode);

/// The share of single elements, of `count` taken from all of an input, whose change moves an output past its bound; a
/// case in which few elements of an input matter vouches for few.
[[nodiscard]] double sensitivity(const Question& question, const DataMode& mode, const std::string& input, int count);

}  // namespace plumb
