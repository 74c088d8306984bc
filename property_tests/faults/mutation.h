// Single points at which the plain kernels can be made wrong.
#pragma once

namespace plumb::faults {

/// What is wrong with a kernel. Which operators know a mutation, and what it does, stands in faults.cc.
enum class Mutation {
  none,
  // Codes.
  nibbles_swapped,
  offset_missing,
  offset_7,
  high_nibble_kept,
  layout_flag_ignored,
  codes_as_signed,
  sign_extension_missing,
  pair_across_rows_swapped,
  // Scales.
  scale_of_previous_group,
  scale_of_group_0,
  scales_transposed,
  group_is_32,
  // How an activation is quantised, and its zero point taken out again.
  zero_point_ignored,
  act_pre_scale_dropped,
  sums_of_group_0,
  sums_not_padded,
  row_scale_of_row_0,
  activation_truncated,
  activation_not_clamped,
  pairs_saturated,
  sums_of_16_bits,
  correction_not_scaled,
  corrections_of_half_the_columns,
  scales_at_stride_of_rows,
  ties_away,  // no fault
  ties_kept,
  // Which elements are read and written.
  last_k_dropped,
  tail_counted_twice,
  last_row_missing,
  last_column_unwritten,
  nothing_written,
  row_off_by_one,
  // Arithmetic.
  bias_twice,
  bias_dropped,
  half_precision,
  bf16_precision,
  sum_split_over_threads,
  // Any output.
  bytes_turned_round,
  last_element_inverted,
  // Memory and status.
  one_written_beyond,
  one_written_before,
  input_written,
  status_after_writing,
  // The end of the process.
  segmentation_fault,
  aborts,
  exits,
  never_returns,
};

}  // namespace plumb::faults
