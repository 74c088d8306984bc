// y[m, n] = sum_k x'[m, k] * w[n, k] + bias[n] for any operator of linear_source.h, one product after the other in f32.

#include <cmath>

#include "impls/linear_source.h"
#include "property_tests/faults/kernels.h"

namespace plumb::faults {
namespace {

// Dequantised, [rows, columns].
struct Prepared {
  std::int64_t rows, columns;
  std::vector<float> weight, bias, factors;
  bool rounds_before_bias;
  std::int64_t dynamic;
};

// The place (n, g) whose element is read where that of (n, g) is wanted, in a tensor [G, N] or [N, G] taken for the
// other.
struct Place {
  std::int64_t n, g;
};
Place transposed(Place at, std::int64_t outputs, std::int64_t groups, bool outputs_first) {
  const std::int64_t flat = outputs_first ? at.g * outputs + at.n : at.n * groups + at.g;
  return outputs_first ? Place{flat / groups, flat % groups} : Place{flat % outputs, flat / outputs};
}

class Dequantise {
 public:
  Dequantise(const Call& call, const WeightSource& source, Mutation mutation)
      : source_(source), mutation_(mutation), outputs_first_(call.op().name == "matmul_compressed") {}

  [[nodiscard]] float operator()(std::int64_t n, std::int64_t k) const {
    const int base = source_.base + (mutation_ == Mutation::offset_7 ? 1 : 0);
    const auto code = static_cast<float>(base + static_cast<int>(source_.code(n, k)));
    const Place scale = grid_place(n, k);
    const bool ignored = !source_.zero || mutation_ == Mutation::zero_point_ignored;
    const float zero = ignored ? 0 : source_.zero(n, k / source_.group), s = source_.scale(scale.n, scale.g);
    return source_.adds ? code * s + zero : (code - zero) * s;
  }

 private:
  [[nodiscard]] Place grid_place(std::int64_t n, std::int64_t k) const {
    const Place at{n, group_of(k, source_.group, source_.columns, mutation_)};
    if (mutation_ != Mutation::scales_transposed) return at;
    return transposed(at, source_.rows, source_.columns / source_.group, outputs_first_);
  }

  const WeightSource& source_;
  Mutation mutation_;
  bool outputs_first_;
};

Prepared prepare(const Call& call, const LinearSource& source, bool backward, Mutation mutation) {
  const WeightSource& weight = source.weight;
  const Dequantise w(call, weight, mutation);
  Prepared prepared{weight.rows,   weight.columns, {}, source.bias, source.factors, source.rounds_before_bias,
                    source.dynamic};
  if (backward) std::swap(prepared.rows, prepared.columns);
  for (std::int64_t row = 0; row < prepared.rows; ++row) {
    for (std::int64_t column = 0; column < prepared.columns; ++column) {
      prepared.weight.push_back(backward ? w(column, row) : w(row, column));
    }
  }
  if (mutation == Mutation::act_pre_scale_dropped) prepared.factors.clear();
  return prepared;
}

float at_type(DType dtype, float value) { return static_cast<float>(round_to(dtype, value)); }

void quantise(std::span<float> columns) {
  float largest = 0;
  for (const float value : columns) largest = std::max(largest, std::abs(value));
  const float scale = largest / 127;
  for (float& value : columns) value = scale == 0 ? 0 : std::nearbyint(value / scale) * scale;
}

std::vector<float> activation(const Call& call, const Prepared& prepared) {
  std::vector<float> x = call.input_as_f32(0);
  for (std::size_t i = 0; i < x.size() && prepared.dynamic != 0; i += static_cast<std::size_t>(prepared.dynamic)) {
    quantise(std::span(x).subspan(i, static_cast<std::size_t>(prepared.dynamic)));
  }
  if (prepared.factors.empty()) return x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = at_type(call.input_dtype(0), x[i] * prepared.factors[i % prepared.factors.size()]);
  }
  return x;
}

float with_bias(const Call& call, const Prepared& prepared, float sum, std::int64_t n, Mutation mutation) {
  if (prepared.bias.empty() || mutation == Mutation::bias_dropped) return sum;
  if (prepared.rounds_before_bias) sum = at_type(call.output_dtype(), sum);
  return sum + prepared.bias[static_cast<std::size_t>(n)];
}

void run(const Call& call, const Prepared& prepared, Mutation mutation) {
  const std::vector<float> x = activation(call, prepared);
  const Output y(call, prepared.rows, mutation);
  const std::int64_t columns = prepared.columns - (mutation == Mutation::last_k_dropped ? 1 : 0);
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    for (std::int64_t n = 0; n < prepared.rows; ++n) {
      float sum = 0;
      for (std::int64_t k = 0; k < columns; ++k) {
        const float product = x[static_cast<std::size_t>(m * prepared.columns + k)] *
                              prepared.weight[static_cast<std::size_t>(n * prepared.columns + k)];
        sum = rounded(sum + rounded(product, mutation), mutation);
      }
      y.set(m, n, with_bias(call, prepared, sum, n, mutation));
    }
  }
  misbehave(call, false, mutation);
}

// A quantised activation is rounded; code - zero or code * scale is before the weight is; a product, at most K sums,
// and the bias.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 5, 0, 1};

struct Operator {
  const char* name;
  ReadLinear read;
  bool backward = false;
};
constexpr Operator kOperators[] = {
    {"linear_q4gsw_backward", read_linear_q4gsw, true},        {"linear_qcs4w", read_linear_qcs4w},
    {"linear_int4_plain_int32", read_linear_int4_plain_int32}, {"matmul_compressed", read_matmul_compressed},
    {"weight_int4pack_mm", read_weight_int4pack_mm},           {"linear_intx", read_linear_intx}};

}  // namespace

std::optional<Kernel> grouped_linear(std::string_view op, Mutation mutation) {
  for (const Operator& known : kOperators) {
    if (op != known.name) continue;
    return Kernel{
        known.name, kContract,
        [&known, mutation](const Call& call) {
          return std::make_shared<Prepared>(prepare(call, known.read(call), known.backward, mutation));
        },
        [mutation](const Call& call, void* prepared) { run(call, *static_cast<const Prepared*>(prepared), mutation); }};
  }
  return std::nullopt;
}

}  // namespace plumb::faults
