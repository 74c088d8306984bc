// Reported bugs of linear layers with 4-bit group-scaled weights, in linear_q4gsw.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "property_tests/faults/rebuilt/plain_linear.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

constexpr std::size_t kWeights = 1;

// The packed codes of a call of `prepare`.
struct Nibbles {
  std::span<const std::uint8_t> bytes;
  std::int64_t stride;  // of rows, in bytes

  explicit Nibbles(const Call& call)
      : bytes(call.input<std::uint8_t>(kWeights)), stride(std::ssize(bytes) / call["N"]) {}
  // The code in a byte; 0 is read behind the tensor.
  [[nodiscard]] float code(std::int64_t byte, bool high) const {
    const unsigned whole = byte < std::ssize(bytes) ? bytes[static_cast<std::size_t>(byte)] : 0U;
    return static_cast<float>(static_cast<int>(high ? whole >> 4 : whole & 15U) - 8);
  }
};

// S01: the slot of a slice of 32 columns is slice * (32 / group), which is 0 for larger groups; (slice * 32) / group is
// meant. One row of activation only.
class DividesFirst : public PlainLinear {
  std::int64_t group_of(const PlainLayer& layer, std::int64_t k) const override {
    const std::int64_t group = layer.w.group;
    if (layer.rows() != 1 || group <= 32) return k / group;
    return k / 32 * (32 / group);
  }
};

// S02: scales are loaded once for a tile of 64 columns.
class ScaleOfTile : public PlainLinear {
  std::int64_t group_of(const PlainLayer& layer, std::int64_t k) const override { return k / 64 * 64 / layer.w.group; }
};

// G01: K is split into parts of a group, smaller than the tile of 32 that each is read in.
class PartsInTiles : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    const std::int64_t columns = layer.w.columns, part = layer.w.group;
    if (columns > 256 || part >= 32) return PlainLinear::sum(layer, m, n);
    float total = 0;
    for (std::int64_t k = 0; k < columns; k += part) {
      total = sum_over(layer, m, n, k, std::min(k + 32, columns), total);
    }
    return total;
  }
};

// G02: the last tile of 64 columns is multiplied in full; beyond K it holds what the tile before left there.
class StaleTail : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    const std::int64_t columns = layer.w.columns, tail = columns % 64, whole = columns - tail;
    const float all = PlainLinear::sum(layer, m, n);
    return tail == 0 || whole == 0 ? all : sum_over(layer, m, n, whole - 64 + tail, whole, all);
  }
};

// G04: the grid has N / 64 work groups.
class FloorOfGrid : public PlainLinear {
  void write(const PlainLayer& layer, const Output& y) const override {
    for (std::int64_t m = 0; m < layer.rows(); ++m) {
      for (std::int64_t n = 0; n < layer.w.rows / 64 * 64; ++n) y.set(m, n, value(layer, m, n));
    }
  }
};

// G06: rows of packed codes are taken to be K / 2 bytes long, although they are padded.
class StrideWithoutPadding : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    const Nibbles nibbles(call);
    for (std::int64_t n = 0; n < w.rows; ++n) {
      for (std::int64_t k = 0; k < w.columns; ++k)
        w.code_at(n, k) = nibbles.code(n * (w.columns / 2) + k / 2, k % 2 != 0);
    }
  }
};

// G07: the last block of four rows is filled up with the last row as output and the block's first as input, and stored
// from the first to the last.
class PaddingRowsWin : public PlainLinear {
  void write(const PlainLayer& layer, const Output& y) const override {
    for (std::int64_t m = 0; m < (layer.rows() + 3) / 4 * 4; ++m) {
      const bool surplus = m >= layer.rows();
      for (std::int64_t n = 0; n < layer.w.rows; ++n) {
        y.set(std::min(m, layer.rows() - 1), n, value(layer, surplus ? m / 4 * 4 : m, n));
      }
    }
  }
};

// O01: 8 is subtracted from four codes in a word at once; a negative one borrows from the next.
class Borrows : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    const Nibbles nibbles(call);
    for (std::int64_t n = 0; n < w.rows; ++n) {
      for (std::int64_t k = 0; k < w.columns; ++k) {
        const std::int64_t byte = n * nibbles.stride + k / 2;
        bool borrow = false;
        for (std::int64_t lane = byte / 4 * 4; lane <= byte; ++lane) {
          w.code_at(n, k) = nibbles.code(lane, k % 2 != 0) - (borrow ? 1 : 0);
          borrow = w.code_at(n, k) < 0;
        }
      }
    }
  }
};

// O02: the vectors' decoder subtracts 7, the scalar one 8. Vectors are used where K is a multiple of 32.
class SevenInVectors : public PlainLinear {
  void spoil(const Call& /*call*/, PlainWeight& w) const override {
    for (float& code : w.code) code += w.columns % 32 == 0 ? 1 : 0;
  }
};

// P07: beyond whole tiles of 32 columns a byte forward for every code.
class ByteStepsInTail : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    const Nibbles nibbles(call);
    const std::int64_t whole = w.columns / 32 * 32;
    for (std::int64_t n = 0; n < w.rows; ++n) {
      for (std::int64_t k = whole; k < w.columns; ++k) {
        w.code_at(n, k) = nibbles.code(n * nibbles.stride + whole / 2 + (k - whole), k % 2 != 0);
      }
    }
  }
};

// M05: whole vectors of 32 codes are multiplied; behind the weight's last row no zeros follow, but numbers that are
// none.
class NanBehindWeight : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    const bool beyond = layer.w.columns % 32 != 0 && n == layer.w.rows - 1 && layer.rows() >= 9;
    const float behind = beyond ? std::numeric_limits<float>::quiet_NaN() : 1;
    return PlainLinear::sum(layer, m, n) + 0 * behind;
  }
};

// C02: each thread's outputs begin and end at whole eights.
class RoundedChunks : public PlainLinear {
  void write(const PlainLayer& layer, const Output& y) const override {
    const std::int64_t threads = layer.call.threads(), outputs = layer.w.rows;
    for (std::int64_t t = 0; t < threads; ++t) {
      const std::int64_t first = (t * outputs / threads + 7) / 8 * 8;
      const std::int64_t last = t == threads - 1 ? outputs : (t + 1) * outputs / threads / 8 * 8;
      for (std::int64_t m = 0; m < layer.rows(); ++m) {
        for (std::int64_t n = first; n < last; ++n) y.set(m, n, value(layer, m, n));
      }
    }
  }
};

// C04: of two parts of K the first clears the output; with threads, after the second has added to it.
class ClearedTooLate : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    if (layer.call.threads() == 1) return PlainLinear::sum(layer, m, n);
    return sum_over(layer, m, n, 0, layer.w.columns / 2);
  }
};

// C07: four parts of K, rounded to bf16, are added to an output in bf16 in the order in which they arrive.
class MergedInBf16 : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    const auto bf16 = [](float value) { return rounded(value, Mutation::bf16_precision); };
    const std::int64_t columns = layer.w.columns, part = (columns + 3) / 4, parts = (columns + part - 1) / part;
    float total = 0;
    for (std::int64_t i = 0; i < parts; ++i) {
      const std::int64_t first = (layer.call.threads() == 1 ? i : parts - 1 - i) * part;
      total = bf16(total + bf16(sum_over(layer, m, n, first, std::min(first + part, columns))));
    }
    return total;
  }
};

// D02: there is code for two instruction sets, and this build has neither.
class EmptyBody : public PlainLinear {
  void write(const PlainLayer& /*layer*/, const Output& /*y*/) const override {}
};

template <typename Steps>
std::shared_ptr<const PlainLinear> make() {
  return std::make_shared<Steps>();
}

struct Record {
  std::string_view id;
  std::shared_ptr<const PlainLinear> (*make)();
};
constexpr Record kRecords[] = {
    {"S01", make<DividesFirst>},    {"S02", make<ScaleOfTile>},     {"G01", make<PartsInTiles>},
    {"G02", make<StaleTail>},       {"G04", make<FloorOfGrid>},     {"G06", make<StrideWithoutPadding>},
    {"G07", make<PaddingRowsWin>},  {"O01", make<Borrows>},         {"O02", make<SevenInVectors>},
    {"P07", make<ByteStepsInTail>}, {"M05", make<NanBehindWeight>}, {"C02", make<RoundedChunks>},
    {"C04", make<ClearedTooLate>},  {"C07", make<MergedInBf16>},    {"D02", make<EmptyBody>},
    {"plain", make<PlainLinear>}};

}  // namespace

Kernel rebuilt_linear(const char* id) {
  for (const Record& record : kRecords) {
    if (record.id == id) return kernel_of("linear_q4gsw", read_linear_q4gsw, record.make());
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
