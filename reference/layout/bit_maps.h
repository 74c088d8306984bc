// Index maps that code_rows recognises, so that it need not ask them for every bit.
#pragma once

#include <cstdint>
#include <functional>

#include "reference/layout/layout.h"

namespace plumb {

/// What in_one_piece makes: the bits of a code lie together.
struct OnePiece {
  std::function<BitPosition(std::int64_t row, std::int64_t column, Extent padded)> first;

  BitPosition operator()(std::int64_t row, std::int64_t column, int bit, Extent padded) const {
    const BitPosition at = first(row, column, padded);
    return {at.byte, at.bit + bit};
  }
};

/// What row_by_row makes of `bits`, a divisor of 8: where the first bit of a code lies.
struct RowByRow {
  int bits;

  BitPosition operator()(std::int64_t row, std::int64_t column, Extent padded) const {
    const std::int64_t at = (row * padded.columns + column) * bits;
    return {at / 8, static_cast<int>(at % 8)};
  }
};

}  // namespace plumb
