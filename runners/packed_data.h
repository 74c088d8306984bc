// Inputs that are the largest ones: packed codes, plain bytes and integers, made many at once.
#pragma once

#include <cstdint>
#include <optional>

#include "reference/layout/layout.h"
#include "reference/tensor.h"
#include "runners/philox.h"

namespace plumb {

/// Fills a tensor of the layout's size with random codes, padding as the layout has it. With `ends`, all codes of a row
/// are at one end instead, so that its products do not cancel: even rows of an even number at the upper one.
void fill_codes(Tensor& tensor, const Layout& layout, Extent extent, const Random& random,
                std::optional<std::uint64_t> ends);

/// Fills a tensor with random bytes. Of a one-byte type every value occurs once before any repeats, from `start` on; of
/// wider ones there are infinities, NaN and subnormals among them.
void fill_bytes(Tensor& tensor, const Random& random, std::uint64_t start);

/// Fills a tensor with random integers in [low, high]. Every value of a small range occurs once before any repeats,
/// from `low` + `start` on.
void fill_integers(Tensor& tensor, std::int64_t low, std::int64_t high, const Random& random, std::uint64_t start);

}  // namespace plumb
