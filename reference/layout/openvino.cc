#include "reference/layout/systems.h"

namespace plumb {
namespace {

// Eight a byte, the first in the highest bit.
BitPosition first_highest(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t flat = row * padded.columns + column;
  return {flat / 8, static_cast<int>(7 - flat % 8)};
}

// Eight in three bytes: low two bits of the first four in byte 0 and of the others in byte 1, the first highest; third
// bits in byte 2, the first highest.
BitPosition eight_in_three(std::int64_t row, std::int64_t column, int bit, Extent padded) {
  const std::int64_t flat = row * padded.columns + column, unit = flat / 8;
  const int place = static_cast<int>(flat % 8);
  if (bit == 2) return {3 * unit + 2, 7 - place};
  return {3 * unit + place / 4, 6 - 2 * (place % 4) + bit};
}

// Four in three bytes: low four bits in bytes 0 and 1, the first highest; upper two in byte 2, the first highest.
BitPosition four_in_three(std::int64_t row, std::int64_t column, int bit, Extent padded) {
  const std::int64_t flat = row * padded.columns + column, unit = flat / 4;
  const int place = static_cast<int>(flat % 4);
  if (bit >= 4) return {3 * unit + 2, 6 - 2 * place + bit - 4};
  return {3 * unit + place / 2, (place % 2 == 0 ? 4 : 0) + bit};
}

}  // namespace

std::vector<Layout> openvino_layouts() {
  const std::string source = "OpenVINO 2026.4, src/core: element types, element::Iterator";
  const Encoding binary = Encoding::unsigned_binary;
  return {
      {"openvino.u1", "eight a byte in flat order, the first in the highest bit", source, 1, binary, 1, 1, 0,
       in_one_piece(first_highest)},
      {"openvino.u2", "four a byte in flat order, the first in the lowest bits", source, 2, binary, 1, 1, 0,
       row_by_row(2)},
      {"openvino.u3",
       "eight in three bytes: two low bits each in bytes 0 and 1, third bits in byte 2, the first highest", source, 3,
       binary, 1, 1, 0, eight_in_three},
      {"openvino.u4", "two a byte in flat order, low nibble first; also of nf4 and f4e2m1", source, 4, binary, 1, 1, 0,
       row_by_row(4)},
      {"openvino.i4", "two's complement, two a byte in flat order, low nibble first", source, 4,
       Encoding::twos_complement, 1, 1, 0, row_by_row(4)},
      {"openvino.u6",
       "four in three bytes: low nibbles in bytes 0 and 1, two upper bits each in byte 2, the first highest", source, 6,
       binary, 1, 1, 0, four_in_three},
      {"openvino.u8", "one a byte in flat order: f8e4m3, f8e5m2 and f8e8m0", source, 8, binary, 1, 1, 0, row_by_row(8)},
      {"openvino.i8", "one a byte in flat order", source, 8, Encoding::twos_complement, 1, 1, 0, row_by_row(8)},
  };
}

}  // namespace plumb
