// Reported bugs of packs and quantisers: kernels of a few lines, or right ones whose output is spoilt.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string_view>

#include "impls/cpu/kernels.h"
#include "property_tests/faults/kernels.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

using Run = std::function<void(const Call&)>;

Kernel kernel(const char* op, void (*run)(const Call&)) {
  return {op, kContract, {}, [run](const Call& call, void*) { run(call); }};
}

// The built-in scalar kernel, with `spoil` after it.
Kernel spoilt(std::string_view op, void (*spoil)(const Call&)) {
  for (const cpu::MakeKernel make : cpu::kKernels) {
    Kernel right = make(cpu::compiled_targets().back());
    if (op != right.op) continue;
    Kernel wrong = right;
    wrong.run = [right, spoil](const Call& call, void* prepared) {
      right.run(call, prepared);
      spoil(call);
    };
    return wrong;
  }
  PLUMB_CHECK(false);
}

unsigned nibble(std::span<const std::uint8_t> bytes, std::int64_t index, bool even_high) {
  const std::int64_t byte = index / 2;
  const unsigned whole = byte < std::ssize(bytes) ? bytes[static_cast<std::size_t>(byte)] : 0U;
  return (index % 2 != 0) != even_high ? whole >> 4 : whole & 15U;
}

// P01: rows of the source are taken to lie as far apart as those of the result.
void strides_of_destination(const Call& call) {
  const auto bytes = call.input<std::uint8_t>(0);
  const auto packed = call.output<std::uint8_t>();
  const std::int64_t rows = call["N"], columns = call["K"];
  const auto code = [&](std::int64_t n, std::int64_t k) { return nibble(bytes, n * rows + k, true); };
  for (std::int64_t k = 0; k < columns; ++k) {
    for (std::int64_t i = 0; i < rows / 2; ++i) {
      const std::int64_t n = i / 4 * 8 + i % 4;
      packed[static_cast<std::size_t>(k * rows / 2 + i)] = static_cast<std::uint8_t>(code(n, k) << 4 | code(n + 4, k));
    }
  }
}

// P03: codes of a byte lie half a row apart; they are taken for neighbours. Four bits only.
void neighbours_for_strided(const Call& call) {
  const std::int64_t n = call["n"], inner = call["inner"];
  if (call["bits"] != 4) return;
  const auto codes = call.output<std::uint8_t>();
  const std::vector<std::uint8_t> right(codes.begin(), codes.end());
  for (std::int64_t i = 0; i < std::ssize(right); ++i) {
    const std::int64_t at = i / inner % n, from = at % 2 * (n / 2) + at / 2;
    codes[static_cast<std::size_t>(i)] = right[static_cast<std::size_t>(i + (from - at) * inner)];
  }
}

// P05: four codes are loaded at a time, and the address goes four bytes on.
void steps_of_bytes(const Call& call) {
  const auto bytes = call.input<std::uint8_t>(0);
  const auto codes = call.output<std::uint8_t>();
  const bool is_signed = call.input_dtype(0) == DType::i8;
  for (std::int64_t i = 0; i < std::ssize(codes); ++i) {
    const unsigned code = nibble(bytes, i / 4 * 8 + i % 4, false);
    // The high code of a signed container keeps its sign.
    codes[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(is_signed && i % 2 == 1 && code >= 8 ? code | 0xF0U : code);
  }
}

// M01: words are copied eight bytes at a time, four bytes on: what is beyond the last is written, too.
void copies_too_long(const Call& call) {
  const auto size = static_cast<std::size_t>(call.output_count() * info(call.output_dtype()).size_bytes);
  std::byte* to = call.output<std::byte>().data();
  std::vector<std::byte> right(to, to + size);
  right.resize(size + 4);
  for (std::size_t i = 0; i < size; i += 4) std::memcpy(to + i, right.data() + i, 8);
}

// C01: threads pack five codes at a time; a byte that two of them share is written by both.
void shared_bytes(const Call& call) {
  const auto codes = call.input<std::uint8_t>(0);
  const auto packed = call.output<std::uint8_t>();
  for (std::size_t i = 0; i < packed.size(); ++i) {
    packed[i] = static_cast<std::uint8_t>((codes[2 * i] & 15U) | codes[2 * i + 1] << 4);
  }
  for (std::size_t first = 5; call.threads() > 1 && first < codes.size(); first += 5) {
    // The second read the byte before the first wrote its half.
    if (first % 2 == 1) packed[first / 2] &= 0xF0U;
  }
}

// A10: numbers below f16's normal range become zero.
void flushed(const Call& call) {
  const auto scales = call.output<std::uint16_t>(1);
  for (std::uint16_t& bits : scales) {
    if ((bits & 0x7C00U) == 0) bits &= 0x8000U;
  }
}

// How a quotient becomes an integer, at a place in its row of so many.
using Round = double (*)(double quotient, std::int64_t k, std::int64_t columns);

double truncate(double quotient, std::int64_t /*k*/, std::int64_t /*columns*/) { return std::trunc(quotient); }

// Vectors of eight round to even, what is left away from zero.
double round_by_place(double quotient, std::int64_t k, std::int64_t columns) {
  return k < columns / 8 * 8 ? std::nearbyint(quotient) : std::round(quotient);
}

void requantise(const Call& call, Round round) {
  const std::vector<float> latent = call.input_as_f32(0), scales = call.input_as_f32(1);
  const auto packed = call.output<std::uint8_t>();
  const std::int64_t rows = call["N"], columns = call["K"], stride = (columns + 1) / 2;
  std::ranges::fill(packed, std::uint8_t{0});
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t n = i / columns, k = i % columns;
    const float scale = scales[static_cast<std::size_t>(k / call["group"] * rows + n)];
    const float quotient = scale == 0 ? 0 : latent[static_cast<std::size_t>(i)] / scale;
    const double code =
        std::isnan(quotient) ? 0 : std::clamp<double>(round(std::clamp(quotient, -9.0F, 8.0F), k, columns), -8, 7);
    packed[static_cast<std::size_t>(n * stride + k / 2)] |=
        static_cast<std::uint8_t>(static_cast<unsigned>(code + 8) << k % 2 * 4);
  }
}

struct Record {
  std::string_view id;
  Kernel (*make)();
};
constexpr Record kRecords[] = {
    {"P01", [] { return kernel("pack_int4_transposed", strides_of_destination); }},
    {"P03", [] { return spoilt("unpack_uintx", neighbours_for_strided); }},
    {"P05", [] { return kernel("unpack_uint4", steps_of_bytes); }},
    {"M01", [] { return spoilt("pack_w_4x8", copies_too_long); }},
    {"C01", [] { return kernel("pack_uint4", shared_bytes); }},
    {"A10", [] { return spoilt("nncf_compress_constants", flushed); }},
    {"A11", [] { return kernel("q4gsw_requant", [](const Call& call) { requantise(call, truncate); }); }},
    {"A12", [] { return kernel("q4gsw_requant", [](const Call& call) { requantise(call, round_by_place); }); }},
};

}  // namespace

Kernel rebuilt_pack(const char* id) {
  for (const Record& record : kRecords) {
    if (record.id == id) return record.make();
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
