// linear_dq8ca_q4gsw and linear_q8ta_q8csw: integer sums of groups, one product after the other, scaled in f32.

#include <cmath>
#include <cstring>

#include "property_tests/faults/kernels.h"

namespace plumb::faults {
namespace {

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };

struct Prepared {
  std::vector<int> codes;          // [N, K]
  std::vector<float> scales;       // [G, N]
  std::vector<std::int32_t> sums;  // [G, N padded]
  std::vector<float> bias;
};

bool is_wide(const Call& call) { return call.op().param("group") == nullptr; }

Prepared unpacked(const Call& call, Mutation mutation) {
  const std::int64_t columns = call["K"], outputs = call["N"];
  const auto bytes = call.input<std::uint8_t>(kWeights);
  const auto stride = static_cast<std::int64_t>(bytes.size()) / outputs;
  Prepared prepared{{}, call.input_as_f32(kWeightScales), {}, call.input_as_f32(kBias)};
  for (std::int64_t n = 0; n < outputs; ++n) {
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::uint8_t byte = bytes[static_cast<std::size_t>(n * stride + (is_wide(call) ? k : k / 2))];
      prepared.codes.push_back(is_wide(call) ? static_cast<std::int8_t>(byte) : decode(byte, k % 2 == 1, mutation));
    }
  }
  prepared.sums.resize(static_cast<std::size_t>(call.input_count(kWeightSums)));
  std::memcpy(prepared.sums.data(), call.input<std::int32_t>(kWeightSums).data(), prepared.sums.size() * 4);
  return prepared;
}

class Linear {
 public:
  Linear(const Call& call, const Prepared& prepared, Mutation mutation)
      : call_(call),
        prepared_(prepared),
        mutation_(mutation),
        x_(call.input_as_f32(kX)),
        input_scales_(call.input_as_f32(kInputScales)),
        columns_(call["K"]),
        outputs_(call["N"]),
        groups_(is_wide(call) ? 1 : columns_ / call["group"]),
        group_(columns_ / groups_) {
    for (std::int64_t i = 0; i < std::ssize(x_); ++i) q_.push_back(quantised(i / columns_, i % columns_));
  }

  void run() const {
    const Output y(call_, outputs_, mutation_);
    for (std::int64_t m = 0; m < call_["M"]; ++m) {
      for (std::int64_t n = 0; n < outputs_; ++n) {
        y.set(m, n, with_bias(call_["activation"] == 0 ? int8_sum(m, n) * scale_of(m) : float_sum(m, n), n));
      }
    }
  }

 private:
  [[nodiscard]] float scale_of(std::int64_t m) const {
    const bool first = input_scales_.size() == 1 || mutation_ == Mutation::row_scale_of_row_0;
    const auto leading = call_.signature().leading.find("M");
    if (mutation_ == Mutation::scales_at_stride_of_rows && leading != call_.signature().leading.end() &&
        leading->second.size() > 1) {
      const std::int64_t batch = call_["M"] / leading->second[0];
      m = m / batch + m % batch;
    }
    return input_scales_[static_cast<std::size_t>(first ? 0 : m)];
  }
  [[nodiscard]] int zero_point_of(std::int64_t m) const {
    const auto zps = call_.input<std::int8_t>(kInputZp);
    return zps[zps.size() == 1 ? 0 : static_cast<std::size_t>(m)];
  }
  [[nodiscard]] float weight_scale(std::int64_t g, std::int64_t n) const {
    const std::int64_t group = group_of(g * group_, group_, columns_, mutation_);
    return prepared_.scales[static_cast<std::size_t>(group * outputs_ + n)];
  }
  [[nodiscard]] int weight_sum(std::int64_t g, std::int64_t n) const {
    std::int64_t stride = std::ssize(prepared_.sums) / groups_;
    if (mutation_ == Mutation::sums_not_padded) stride = outputs_;
    if (mutation_ == Mutation::sums_of_group_0) g = 0;
    return prepared_.sums[static_cast<std::size_t>(g * stride + n)];
  }
  [[nodiscard]] int code(std::int64_t n, std::int64_t k) const {
    return prepared_.codes[static_cast<std::size_t>(n * columns_ + k)];
  }

  [[nodiscard]] float whole(float quotient) const {
    if (mutation_ == Mutation::activation_truncated) return std::trunc(quotient);
    if (mutation_ == Mutation::ties_away) return std::round(quotient);
    const bool tie = std::abs(quotient - std::trunc(quotient)) == 0.5F;
    return mutation_ == Mutation::ties_kept && tie ? quotient : std::nearbyint(quotient);
  }
  // A whole number, save for one mutation.
  [[nodiscard]] float quantised(std::int64_t m, std::int64_t k) const {
    const float quotient = x_[static_cast<std::size_t>(m * columns_ + k)] * (1 / scale_of(m));
    const float shifted = whole(quotient) + static_cast<float>(zero_point_of(m));
    const float low = mutation_ == Mutation::activation_not_clamped ? -1e6F : -128, high = -low - 1;
    return std::min(std::max(shifted, low), high);
  }

  // sum_k q * code of a group. The mutation adds pairs of q * (code + 128) as vpmaddubsw does.
  [[nodiscard]] double products(std::int64_t m, std::int64_t g, std::int64_t n) const {
    double sum = 0, pair = 0;
    for (std::int64_t k = 0; k < group_; ++k) {
      const double q = q_[static_cast<std::size_t>(m * columns_ + g * group_ + k)], c = code(n, g * group_ + k);
      if (mutation_ == Mutation::sums_of_16_bits) {
        pair += q * c;
        if ((k + 1) % 128 != 0 && k + 1 < group_) continue;
        sum += static_cast<std::int16_t>(static_cast<std::uint16_t>(static_cast<std::int64_t>(pair)));
        pair = 0;
        continue;
      }
      if (mutation_ != Mutation::pairs_saturated) {
        sum += q * c;
        continue;
      }
      pair += q * (c + 128);
      sum -= q * 128;
      if (k % 2 == 0 && k + 1 < group_) continue;
      sum += std::clamp(pair, -32768.0, 32767.0);
      pair = 0;
    }
    return sum;
  }

  // What the activation's zero point adds to a sum of products.
  [[nodiscard]] double correction(std::int64_t m, std::int64_t g, std::int64_t n) const {
    // A buffer of K elements of two bytes holds sums of four bytes for half as many rows.
    const bool beyond = mutation_ == Mutation::corrections_of_half_the_columns && 2 * m >= columns_;
    if (mutation_ == Mutation::zero_point_ignored || beyond) return 0;
    const double whole = static_cast<double>(zero_point_of(m)) * weight_sum(g, n);
    return mutation_ == Mutation::correction_not_scaled ? whole / scale_of(m) : whole;
  }

  [[nodiscard]] float int8_sum(std::int64_t m, std::int64_t n) const {
    float total = 0;
    for (std::int64_t g = 0; g < groups_; ++g) {
      const auto sum = static_cast<float>(products(m, g, n) - correction(m, g, n));
      total = rounded(total + rounded(sum * weight_scale(g, n), mutation_), mutation_);
    }
    return total;
  }

  [[nodiscard]] float float_sum(std::int64_t m, std::int64_t n) const {
    float total = 0;
    for (std::int64_t k = 0; k < columns_; ++k) {
      const float x = x_[static_cast<std::size_t>(m * columns_ + k)];
      const float product = rounded(x * static_cast<float>(code(n, k)) * weight_scale(k / group_, n), mutation_);
      total = rounded(total + product, mutation_);
    }
    return total;
  }

  [[nodiscard]] float with_bias(float value, std::int64_t n) const {
    if (prepared_.bias.empty() || mutation_ == Mutation::bias_dropped) return value;
    return value + prepared_.bias[static_cast<std::size_t>(n)];
  }

  const Call& call_;
  const Prepared& prepared_;
  Mutation mutation_;
  std::vector<float> x_, input_scales_, q_;
  std::int64_t columns_, outputs_, groups_, group_;
};

// A product passes through two roundings on its way to a sum of `length`, the row's scale, and the bias.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1};

Kernel kernel_of(const char* op, Mutation mutation) {
  const auto prepare = [mutation](const Call& call) { return std::make_shared<Prepared>(unpacked(call, mutation)); };
  return {op, kContract, prepare, [mutation](const Call& call, void* prepared) {
            Linear(call, *static_cast<const Prepared*>(prepared), mutation).run();
          }};
}

}  // namespace

Kernel linear_dq8ca_q4gsw(Mutation mutation) { return kernel_of("linear_dq8ca_q4gsw", mutation); }
Kernel linear_q8ta_q8csw(Mutation mutation) { return kernel_of("linear_q8ta_q8csw", mutation); }

}  // namespace plumb::faults
