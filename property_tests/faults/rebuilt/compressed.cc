// Reported bugs around zero points, in matmul_compressed.

#include <string_view>

#include "property_tests/faults/rebuilt/plain_linear.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

enum Input : std::size_t { kX, kWeight, kScale, kZeroCodes, kZeroPoint };
enum Type : std::int64_t { kU2, kU4 };

// S06: rows of zero points are taken to begin at a byte, which shows where a row has an odd number of them.
class RowsAtBytes : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    if (call["type"] != kU4 || call["zero_codes"] == 0 || call["zeros"] != 0) return;
    const auto bytes = call.input<std::uint8_t>(kZeroCodes);
    const std::int64_t groups = w.groups();
    for (std::int64_t i = 0; i < std::ssize(w.zero); ++i) {
      const std::int64_t g = i % groups, byte = i / groups * ((groups + 1) / 2) + g / 2;
      const unsigned whole = byte < std::ssize(bytes) ? bytes[static_cast<std::size_t>(byte)] : 0U;
      w.zero[static_cast<std::size_t>(i)] = static_cast<float>(g % 2 != 0 ? whole >> 4 : whole & 15U);
    }
  }
};

// O04: zero points are kept less 1, in four bits: 0 becomes 15, and 16 when 1 is added again.
class ZeroWraps : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    if (call["type"] != kU4) return;
    for (float& zero : w.zero) zero = zero == 0 ? 16 : zero;
  }
};

// O05: without zero points the codes are taken to have one in the middle, as another operator has it.
class ZeroAssumed : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    if (call["type"] == kU4 && w.zero.empty()) w.zero.assign(w.scale.size(), 8);
  }
};

// T01: a scale that serves all is read with the strides of one for each group: behind it there are zeros. Few rows of
// activation only, where another kernel is chosen.
class StridesOfBroadcast : public PlainLinear {
  float weight(const PlainLayer& layer, std::int64_t n, std::int64_t k) const override {
    const bool strides = layer.call["scales"] != 0 && layer.rows() < 4 && (n > 0 || k >= layer.w.group);
    return strides ? 0 : PlainLinear::weight(layer, n, k);
  }
};

// T03: zero points in bf16 are taken for f16.
class ZeroOfOtherType : public PlainLinear {
  void spoil(const Call& call, PlainWeight& w) const override {
    if (call["zero_point"] == 0 || call.input_dtype(kZeroPoint) != DType::bf16) return;
    const std::byte* bits = call.input<std::byte>(kZeroPoint).data();
    const bool one = call.input_count(kZeroPoint) == 1;
    for (std::size_t i = 0; i < w.zero.size(); ++i) {
      w.zero[i] = static_cast<float>(load(DType::f16, bits + (one ? 0 : 2 * i)));
    }
  }
};

// sum_g scale * (sum_k x code - zero * sum_k x), where faults have to do with the second sum.
class SumsOfGroups : public PlainLinear {
  float sum(const PlainLayer& layer, std::int64_t m, std::int64_t n) const override {
    if (layer.w.zero.empty()) return PlainLinear::sum(layer, m, n);
    float total = 0;
    for (std::int64_t g = 0; g < layer.w.groups(); ++g) {
      float codes = 0;
      for (std::int64_t k = g * layer.w.group; k < (g + 1) * layer.w.group; ++k) {
        codes += layer.x_at(m, k) * layer.w.code_at(n, k);
      }
      total += layer.w.scale_at(n, g) * (codes - layer.w.zero_at(n, g) * sum_of_x(layer, m, g));
    }
    return total;
  }

  virtual float sum_of_x(const PlainLayer& layer, std::int64_t m, std::int64_t g) const = 0;
};

// A05: the sums of groups of the activation are stored in f16.
class SumsInHalf : public SumsOfGroups {
  float sum_of_x(const PlainLayer& layer, std::int64_t m, std::int64_t g) const override {
    float sum = 0;
    for (std::int64_t k = g * layer.w.group; k < (g + 1) * layer.w.group; ++k) sum += layer.x_at(m, k);
    return rounded(sum, Mutation::half_precision);
  }
};

// A08: the zero point's term has the sum of the activation before it is quantised.
class SumsBeforeQuantising : public SumsOfGroups {
  float sum_of_x(const PlainLayer& layer, std::int64_t m, std::int64_t g) const override {
    float sum = 0;
    for (std::int64_t k = g * layer.w.group; k < (g + 1) * layer.w.group; ++k) {
      sum += layer.given[static_cast<std::size_t>(m * layer.w.columns + k)];
    }
    return sum;
  }
};

template <typename Steps>
std::shared_ptr<const PlainLinear> make() {
  return std::make_shared<Steps>();
}

struct Record {
  std::string_view id;
  std::shared_ptr<const PlainLinear> (*make)();
};
constexpr Record kRecords[] = {{"S06", make<RowsAtBytes>},          {"O04", make<ZeroWraps>},
                               {"O05", make<ZeroAssumed>},          {"T01", make<StridesOfBroadcast>},
                               {"T03", make<ZeroOfOtherType>},      {"A05", make<SumsInHalf>},
                               {"A08", make<SumsBeforeQuantising>}, {"plain", make<PlainLinear>}};

}  // namespace

Kernel rebuilt_compressed(const char* id) {
  for (const Record& record : kRecords) {
    if (record.id == id) return kernel_of("matmul_compressed", read_matmul_compressed, record.make());
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
