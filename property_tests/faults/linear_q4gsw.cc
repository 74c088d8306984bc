// y[m, n] = sum_k x[m, k] * code[n, k] * scale[k / group, n] + bias[n], one product after the other in f32.

#include "property_tests/faults/kernels.h"

namespace plumb::faults {
namespace {

enum Input : std::size_t { kX, kWeights, kScales, kBias };

// A code and the scale that goes with it.
struct Weight {
  float code, scale;
};

struct Prepared {
  std::vector<Weight> weight;  // [N, K]
  std::vector<float> bias;
};

Prepared decode_weight(const Call& call, Mutation mutation) {
  const std::int64_t columns = call["K"], outputs = call["N"], group_size = call["group"];
  const auto bytes = call.input<std::uint8_t>(kWeights);
  const auto stride = static_cast<std::int64_t>(bytes.size()) / outputs;
  const std::vector<float> scales = call.input_as_f32(kScales);
  Prepared prepared{{}, call.input_as_f32(kBias)};
  prepared.weight.reserve(static_cast<std::size_t>(outputs * columns));
  for (std::int64_t n = 0; n < outputs; ++n) {
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::int64_t group = group_of(k, group_size, columns, mutation);
      const bool transposed = mutation == Mutation::scales_transposed;
      const std::int64_t at = transposed ? n * (columns / group_size) + group : group * outputs + n;
      const int code = decode(bytes[static_cast<std::size_t>(n * stride + k / 2)], k % 2 == 1, mutation);
      prepared.weight.push_back({static_cast<float>(code), scales[static_cast<std::size_t>(at)]});
    }
  }
  return prepared;
}

class Linear {
 public:
  Linear(const Call& call, const Prepared& prepared, Mutation mutation)
      : call_(call),
        prepared_(prepared),
        mutation_(mutation),
        x_(call.input_as_f32(kX)),
        columns_(call["K"]),
        outputs_(call["N"]) {}

  void run() const {
    const Output y(call_, outputs_, mutation_);
    for (std::int64_t m = 0; m < call_["M"]; ++m) {
      for (std::int64_t n = 0; n < outputs_; ++n) y.set(m, n, with_bias(sum(m, n), n));
    }
  }

 private:
  // Columns [first, last), added to `start`.
  [[nodiscard]] float sum_over(std::int64_t m, std::int64_t n, std::int64_t first, std::int64_t last,
                               float start) const {
    const float* x = x_.data() + m * columns_;
    const Weight* w = prepared_.weight.data() + n * columns_;
    for (std::int64_t k = first; k < last; ++k) {
      const float product = rounded(x[k] * w[k].code * w[k].scale, mutation_);
      start = rounded(start + product, mutation_);
    }
    return start;
  }

  [[nodiscard]] float sum(std::int64_t m, std::int64_t n) const {
    if (mutation_ == Mutation::sum_split_over_threads && call_.threads() > 1) {
      return sum_over(m, n, 0, columns_ / 2, 0) + sum_over(m, n, columns_ / 2, columns_, 0);
    }
    const bool drops = mutation_ == Mutation::last_k_dropped, repeats = mutation_ == Mutation::tail_counted_twice;
    const float once = sum_over(m, n, 0, columns_ - (drops ? 1 : 0), 0);
    return repeats ? sum_over(m, n, columns_ - columns_ % 8, columns_, once) : once;
  }

  [[nodiscard]] float with_bias(float value, std::int64_t n) const {
    if (prepared_.bias.empty() || mutation_ == Mutation::bias_dropped) return value;
    const float bias = prepared_.bias[static_cast<std::size_t>(n)];
    const float once = rounded(value + bias, mutation_);
    return mutation_ == Mutation::bias_twice ? once + bias : once;
  }

  const Call& call_;
  const Prepared& prepared_;
  Mutation mutation_;
  std::vector<float> x_;
  std::int64_t columns_, outputs_;
};

// A product passes through: x code, its scaling, at most K sums, and the bias.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 3, 0, 1};

}  // namespace

Kernel linear_q4gsw(Mutation mutation) {
  const auto prepare = [mutation](const Call& call) {
    return std::make_shared<Prepared>(decode_weight(call, mutation));
  };
  return {"linear_q4gsw", kContract, prepare, [mutation](const Call& call, void* prepared) {
            Linear(call, *static_cast<const Prepared*>(prepared), mutation).run();
            // Rarely planned, so that the campaign is not slowed down by ends of processes.
            misbehave(call, call["M"] > 32 && call["K"] < 8, mutation);
          }};
}

}  // namespace plumb::faults
