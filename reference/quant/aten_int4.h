// ATen's packing of 4-bit codes for its CPU matrix multiplication, in blocks of rows.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed: for each block of B = 64 (avx512) or 32 (avx2, default) rows, of which the last may be shorter, and for each
/// column, bytes of two codes of that column. In whole blocks of avx512 and avx2, byte j holds rows j and j + B/2 of
/// the block; else rows 2j and 2j + 1. Codes 0 … 15; others are refused. Source: torch 2.13.0,
/// aten::_convert_weight_to_int4pack_for_cpu with ATEN_CPU_CAPABILITY = `isa`.
Op pack_aten_int4();

/// The inverse of pack_aten_int4. ATen has none; its matrix multiplication unpacks.
Op unpack_aten_int4();

}  // namespace plumb
