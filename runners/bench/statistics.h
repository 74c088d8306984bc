// Summaries of samples.
#pragma once

#include <vector>

#include "reports/bench/record.h"

namespace plumb::bench {

/// Median, quartiles and minimum. Quantiles are interpolated linearly between order statistics (R's type 7, NumPy's
/// default). Zeros if there are no samples.
[[nodiscard]] Spread spread_of(std::vector<double> samples);

/// a[i] / b[i]. Both have one value for each round.
[[nodiscard]] std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace plumb::bench
