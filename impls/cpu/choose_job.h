// The work of the kernels that choose scales and zero points, as their code for one target sees it.
#pragma once

#include <cstdint>

#include "reference/dtype.h"

namespace plumb::cpu {

/// How a range of values becomes a scale and a zero point. The first ones are in the order of the operator's words.
enum class Mapping : std::int64_t {
  symmetric,
  symmetric_no_clipping_err,
  asymmetric,
  asymmetric_least_error,
  absmax,
  asymmetric_stretched,
  tinygemm,
};

/// A tensor [rows, columns] in blocks.
struct ChooseJob {
  const void* in;
  DType type;  ///< Of the elements and of the arithmetic.
  std::int64_t columns, block_rows, group;
  Mapping mapping;
  bool preserve_zero;
  float low, high;  ///< Range of codes.
  float middle;     ///< The zero point of symmetric mappings; tinygemm: the code that the zero point stands for.
  float eps;        ///< Of the elements' type.
};

}  // namespace plumb::cpu
