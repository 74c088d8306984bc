// The drawings of an accuracy page, as SVG.
#pragma once

#include <string>

#include "reports/accuracy/record.h"

namespace plumb::accuracy {

/// Sections with a drawing each; empty where there is nothing to draw.
/// What each step costs: increase of the perplexity with its interval, on an axis that is linear around zero and
/// logarithmic beyond, so that a kernel's millionth and a scheme's tenth are both seen.
[[nodiscard]] std::string increase_section(const Run& run);
/// Divergence from the reference: median to maximum, on a logarithmic axis.
[[nodiscard]] std::string divergence_section(const Run& run);
/// One drawing a scheme: error injected by each layer, and drift at its output, for the scheme and its implementations.
[[nodiscard]] std::string layers_section(const Run& run);

}  // namespace plumb::accuracy
