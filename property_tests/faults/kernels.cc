#include "property_tests/faults/kernels.h"

#include <cstdlib>

#include "reference/error.h"

namespace plumb::faults {

int decode(std::uint8_t byte, bool high, Mutation mutation) {
  if (mutation == Mutation::nibbles_swapped) high = !high;
  int stored = high ? byte >> 4 : byte & 15;
  if (mutation == Mutation::high_nibble_kept && !high) stored = byte;
  if (mutation == Mutation::codes_as_signed) return stored >= 8 ? stored - 16 : stored;
  if (mutation == Mutation::offset_missing) return stored;
  return stored - (mutation == Mutation::offset_7 ? 7 : 8);
}

std::int64_t group_of(std::int64_t k, std::int64_t group, std::int64_t columns, Mutation mutation) {
  const std::int64_t own = k / group;
  if (mutation == Mutation::scale_of_group_0) return 0;
  if (mutation == Mutation::scale_of_previous_group) return std::max<std::int64_t>(own - 1, 0);
  if (mutation == Mutation::group_is_32) return std::min(k / 32, columns / group - 1);
  return own;
}

Output::Output(const Call& call, std::int64_t columns, Mutation mutation)
    : data_(call.output<std::byte>().data()),
      dtype_(call.output_dtype()),
      rows_(columns == 0 ? 0 : call.output_count() / columns),
      columns_(columns),
      mutation_(mutation) {}

void Output::set(std::int64_t row, std::int64_t column, double value) const {
  if (mutation_ == Mutation::nothing_written) return;
  if (mutation_ == Mutation::last_row_missing && row == rows_ - 1) return;
  if (mutation_ == Mutation::last_column_unwritten && column == columns_ - 1) return;
  store(row * columns_ + column, value);
  if (mutation_ == Mutation::one_written_beyond) store(rows_ * columns_, 0);
  if (mutation_ == Mutation::one_written_before) store(-1, 0);
}

void Output::store(std::int64_t flat, double value) const {
  plumb::store(dtype_, value, data_ + flat * info(dtype_).size_bytes);
}

void misbehave(const Call& call, bool unusual_shape, Mutation mutation) {
  if (mutation == Mutation::input_written && call.input_count(0) > 0) {
    // The ABI has no const: only a promise keeps a kernel from it.
    *const_cast<std::uint8_t*>(call.input<std::uint8_t>(0).data()) ^= 1;
  }
  if (mutation == Mutation::status_after_writing) throw Error("a legal call is refused");
  if (!unusual_shape) return;
  if (mutation == Mutation::aborts) std::abort();
  if (mutation == Mutation::exits) std::exit(0);
  volatile int* volatile nowhere = nullptr;
  if (mutation == Mutation::segmentation_fault) *nowhere = 1;
  for (volatile bool spins = mutation == Mutation::never_returns; spins;) {
  }
}

}  // namespace plumb::faults
