#include "impls/linear_source.h"

#include <algorithm>
#include <span>

namespace plumb {
namespace {

using Values = std::function<float(std::int64_t, std::int64_t)>;

// Nibbles of rows of `stride` bytes: even columns in the low nibble, or, if `even_high`, in the high one; with
// `flipped` bits inverted, as two's complement with its sign bit inverted is offset binary.
SourceCodes nibbles(const std::uint8_t* bytes, std::int64_t stride, bool even_high = false, unsigned flipped = 0) {
  const auto one = [=](std::int64_t n, std::int64_t k) {
    const bool high = (k % 2 != 0) != even_high;
    return (bytes[n * stride + k / 2] >> (high ? 4 : 0) & 15U) ^ flipped;
  };
  const auto row = [=](std::int64_t n, std::span<std::uint8_t> codes) {
    const std::uint8_t* from = bytes + n * stride;
    const int even = even_high ? 4 : 0, odd = 4 - even;
    const std::size_t pairs = codes.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      codes[2 * i] = static_cast<std::uint8_t>((from[i] >> even & 15U) ^ flipped);
      codes[2 * i + 1] = static_cast<std::uint8_t>((from[i] >> odd & 15U) ^ flipped);
    }
    if (codes.size() % 2 != 0) codes.back() = static_cast<std::uint8_t>((from[pairs] >> even & 15U) ^ flipped);
  };
  return {one, row};
}

// Values [G, N].
Values transposed(std::vector<float> values, std::int64_t outputs) {
  return [values = std::move(values), outputs](std::int64_t n, std::int64_t g) {
    return values[static_cast<std::size_t>(g * outputs + n)];
  };
}

// Values [N, G], or one for all.
Values by_row(std::vector<float> values, std::int64_t groups) {
  return [values = std::move(values), groups](std::int64_t n, std::int64_t g) {
    return values[values.size() == 1 ? 0 : static_cast<std::size_t>(n * groups + g)];
  };
}

// Values [N, G], each its own.
Values rows_of_groups(std::vector<float> values, std::int64_t groups) {
  return [values = std::move(values), groups](std::int64_t n, std::int64_t g) {
    return values[static_cast<std::size_t>(n * groups + g)];
  };
}

// Where ATen keeps codes: blocks of rows, for each column of one its bytes of two codes. Whole blocks of the vector
// forms pair rows that lie half a block apart, all others neighbours.
SourceCodes aten_codes(const std::uint8_t* bytes, std::int64_t rows, std::int64_t columns, std::int64_t block_rows,
                       bool pairs_halves) {
  return [=](std::int64_t n, std::int64_t k) {
    const std::int64_t first = n / block_rows * block_rows, r = n - first;
    const std::int64_t pairs = std::min(block_rows, rows - first) / 2;
    const bool halves = pairs_halves && pairs == block_rows / 2;
    const std::uint8_t byte = bytes[first * columns / 2 + k * pairs + (halves ? r % pairs : r / 2)];
    return byte >> ((halves ? r >= pairs : r % 2 != 0) ? 4 : 0) & 15U;
  };
}

// An OpenVINO element type as unsigned codes in flat order.
struct ElementType {
  int bits;
  unsigned flipped;

  [[nodiscard]] int base() const { return -static_cast<int>(flipped); }
  [[nodiscard]] unsigned code(const std::uint8_t* bytes, std::int64_t flat) const {
    const std::int64_t bit = flat * bits;
    return (bytes[bit / 8] >> (bit % 8) & ((1U << bits) - 1)) ^ flipped;
  }
};
constexpr ElementType kElementTypes[] = {{2, 0}, {4, 0}, {4, 8}, {8, 0}, {8, 128}};  // as the parameter counts them

// [N, G] or one zero point of matmul_compressed; none if there are none.
std::vector<float> openvino_zero_points(const Call& call, const ElementType& type, std::size_t codes,
                                        std::size_t numbers) {
  if (call["zero_codes"] == 0) return call.input_as_f32(numbers);
  std::vector<float> zeros(static_cast<std::size_t>(call["zeros"] == 0 ? call["N"] * (call["K"] / call["group"]) : 1));
  for (std::size_t i = 0; i < zeros.size(); ++i) {
    const unsigned code = type.code(call.input<std::uint8_t>(codes).data(), static_cast<std::int64_t>(i));
    zeros[i] = static_cast<float>(type.base() + static_cast<int>(code));
  }
  return zeros;
}

}  // namespace

LinearSource read_linear_q4gsw(const Call& call) {
  enum Input : std::size_t { kX, kWeights, kScales, kBias };
  const std::int64_t outputs = call["N"], stride = call.input_count(kWeights) / outputs;
  return {.weight = {.rows = outputs,
                     .columns = call["K"],
                     .group = call["group"],
                     .bits = 4,
                     .base = -8,
                     .code = nibbles(call.input<std::uint8_t>(kWeights).data(), stride),
                     .scale = transposed(call.input_as_f32(kScales), outputs)},
          .bias = call.op().inputs.size() > kBias ? call.input_as_f32(kBias) : std::vector<float>()};
}

LinearSource read_linear_qcs4w(const Call& call) {
  enum Input : std::size_t { kX, kWeight, kScales };
  const std::int64_t columns = call["K"];
  return {.weight = {.rows = call["N"],
                     .columns = columns,
                     .group = columns,
                     .bits = 4,
                     .base = call["codes"] != 0 ? -8 : 0,
                     .code = nibbles(call.input<std::uint8_t>(kWeight).data(), columns / 2, true),
                     .scale = transposed(call.input_as_f32(kScales), call["N"])}};
}

LinearSource read_linear_int4_plain_int32(const Call& call) {
  enum Input : std::size_t { kX, kWords, kScale, kZeroPoint, kBias, kActPreScale };
  const std::int64_t outputs = call["N"], columns = call["K"];
  const bool npu = call["device"] != 0;
  std::vector<float> zeros = call.input_as_f32(kZeroPoint);
  if (call["offset"] != 0) std::ranges::transform(zeros, zeros.begin(), std::negate{});  // is added there
  // Words are little-endian: column k of a row is its k-th nibble.
  const auto* bytes =
      static_cast<const std::uint8_t*>(static_cast<const void*>(call.input<std::int32_t>(kWords).data()));
  return {.weight = {.rows = outputs,
                     .columns = columns,
                     .group = call["group"],
                     .bits = 4,
                     .base = npu ? -8 : 0,
                     .code = nibbles(bytes, columns / 2, false, npu ? 8 : 0),
                     .scale = transposed(call.input_as_f32(kScale), outputs),
                     .zero = transposed(std::move(zeros), outputs)},
          .bias = call.input_as_f32(kBias),
          .factors = call.input_as_f32(kActPreScale),
          .rounds_before_bias = !npu};
}

LinearSource read_matmul_compressed(const Call& call) {
  enum Input : std::size_t { kX, kWeight, kScale, kZeroCodes, kZeroPoint };
  const ElementType type = kElementTypes[call["type"]];
  const std::int64_t columns = call["K"], groups = columns / call["group"];
  const std::uint8_t* bytes = call.input<std::uint8_t>(kWeight).data();
  LinearSource source{
      .weight = {.rows = call["N"],
                 .columns = columns,
                 .group = call["group"],
                 .bits = type.bits,
                 .base = type.base(),
                 .code = [=](std::int64_t n, std::int64_t k) { return type.code(bytes, n * columns + k); },
                 .scale = by_row(call.input_as_f32(kScale), groups)}};
  std::vector<float> zeros = openvino_zero_points(call, type, kZeroCodes, kZeroPoint);
  if (!zeros.empty()) source.weight.zero = by_row(std::move(zeros), groups);
  source.dynamic = call["dynamic"];
  return source;
}

LinearSource read_weight_int4pack_mm(const Call& call) {
  enum Input : std::size_t { kX, kPacked, kScaleAndZeros, kBias, kActPreScale };
  const std::vector<float> pairs = call.input_as_f32(kScaleAndZeros);
  std::vector<float> halves[2];
  for (std::size_t i = 0; i < pairs.size(); ++i) halves[i % 2].push_back(pairs[i]);
  const std::int64_t outputs = call["N"], columns = call["K"];
  return {.weight = {.rows = outputs,
                     .columns = columns,
                     .group = call["group"],
                     .bits = 4,
                     .base = -8,
                     .code = aten_codes(call.input<std::uint8_t>(kPacked).data(), outputs, columns,
                                        call["isa"] == 0 ? 64 : 32, call["isa"] != 2),
                     .scale = transposed(std::move(halves[0]), outputs),
                     .zero = transposed(std::move(halves[1]), outputs),
                     .adds = true},
          .bias = call.input_as_f32(kBias),
          .factors = call.input_as_f32(kActPreScale),
          .rounds_before_bias = true};
}

LinearSource read_linear_intx(const Call& call) {
  enum Input : std::size_t { kX, kCodes, kScale, kZeroPoint, kBias };
  const std::int64_t columns = call["K"], groups = columns / call["group"];
  const std::uint8_t* bytes = call.input<std::uint8_t>(kCodes).data();
  LinearSource source{.weight = {.rows = call["N"],
                                 .columns = columns,
                                 .group = call["group"],
                                 .bits = 8,
                                 .base = -128,
                                 .code = [=](std::int64_t n, std::int64_t k) { return bytes[n * columns + k] ^ 128U; },
                                 .scale = rows_of_groups(call.input_as_f32(kScale), groups)},
                      .bias = call.input_as_f32(kBias)};
  if (call["zero_point"] == 0) return source;
  const auto zeros = call.input<std::int8_t>(kZeroPoint);
  source.weight.zero = rows_of_groups({zeros.begin(), zeros.end()}, groups);
  return source;
}

LinearSource read_dyn_quant_matmul_4bit(const Call& call) {
  enum Input : std::size_t { kX, kWeights, kScales, kBias };
  const std::int64_t columns = call["K"];
  return {.weight = {.rows = call["N"],
                     .columns = columns,
                     .group = call["group"],
                     .bits = 4,
                     .base = -8,
                     .code = nibbles(call.input<std::uint8_t>(kWeights).data(), columns / 2),
                     .scale = rows_of_groups(call.input_as_f32(kScales), columns / call["group"])},
          .bias = call.input_as_f32(kBias)};
}

}  // namespace plumb
