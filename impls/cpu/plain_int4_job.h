// The work of quantize_plain_int4, as its code for one target sees it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reference/dtype.h"

namespace plumb::cpu {

/// A weight [rows, columns] in groups of `group` columns.
struct PlainInt4Job {
  const void* in;
  DType type;
  std::int64_t rows, columns, group;
  bool symmetric;
  std::int8_t* codes;
  std::byte *scale, *zero_point;  ///< [groups, rows], of the values' type.
};

}  // namespace plumb::cpu
