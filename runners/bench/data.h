// Inputs for measurements: legal, of the size that is asked for, and made fast.
#pragma once

#include "reference/op.h"

namespace plumb::bench {

/// Inputs in which no kernel's speed is special: floats spread evenly over [-1, 1), scales over [1/64, 1/32), codes and
/// bytes over all that are legal. Some tens of thousands of random elements are repeated until the tensor is full, as
/// making each of them afresh would take longer than measuring. Random numbers come from the port's name.
[[nodiscard]] Problem bench_problem(const Op& op, const Signature& signature);

}  // namespace plumb::bench
