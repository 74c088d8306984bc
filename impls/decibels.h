// The last steps of compute_error: from two sums of squares to decibels.
#pragma once

#include "impls/builtin.h"

namespace plumb {

/// Stores 20 * log10(sqrt(signal) / sqrt(noise)) as the call's output, each step rounded to its type.
void store_decibels(const Call& call, double signal, double noise);

}  // namespace plumb
