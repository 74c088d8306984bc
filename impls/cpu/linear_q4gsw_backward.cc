// linear_q4gsw_backward: the weight transposed. Along its reduction, n, no two products share a scale, but all outputs
// k of a group have the same ones: d_x[m, k in g] = sum_n (d_out[m, n] * scale[g, n]) * code[n, k]. So each group is a
// linear layer of its own with unscaled codes, whose activation is scaled first.

#include <cstring>

#include "impls/cpu/grouped_linear.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

namespace plumb::cpu {
namespace {

enum Input : std::size_t { kGradient, kWeights, kScales };

struct Prepared {
  std::vector<GroupedWeight> groups;  // [group, N] each
  std::vector<float> scales;          // [G, N]
};

std::shared_ptr<Prepared> prepare(const Call& call) {
  auto prepared = std::make_shared<Prepared>();
  const auto code = read_linear_q4gsw(call).weight.code;
  const std::int64_t group = call["group"], outputs = call["N"];
  for (std::int64_t first = 0; first < call["K"]; first += group) {
    prepared->groups.emplace_back(
        WeightSource{.rows = group,
                     .columns = outputs,
                     .group = outputs,
                     .bits = 4,
                     .base = -8,
                     .code = [&](std::int64_t k, std::int64_t n) { return code(n, first + k); },
                     .scale = [](std::int64_t, std::int64_t) { return 1.0F; }});
  }
  prepared->scales = call.input_as_f32(kScales);
  return prepared;
}

// One call: pieces of work are blocks of outputs, of one group after the other.
class Backward {
 public:
  Backward(const Call& call, const Prepared& prepared, const GroupedFunctions& functions)
      : call_(call),
        prepared_(prepared),
        functions_(functions),
        x_(call, functions.rows, call["N"]),
        sums_(static_cast<std::size_t>(call["M"] * call["K"])) {}

  void run() {
    const std::int64_t blocks = prepared_.groups[0].blocks, columns = call_["K"];
    parallel_ranges(std::ssize(prepared_.groups) * blocks, call_.threads(),
                    [&](std::int64_t first, std::int64_t last) { sum(first, last, blocks); });
    for (std::int64_t m = 0; m < call_["M"]; ++m) {
      functions_.rows.finish(call_.output_dtype(), sums_.data() + m * columns, m, columns, nullptr, false,
                             call_.output<std::byte>().data());
    }
  }

 private:
  void sum(std::int64_t first, std::int64_t last, std::int64_t blocks) {
    AlignedVector<float> scaled(static_cast<std::size_t>(call_["M"] * x_.stride()));
    for (std::int64_t next = first; next < last;) {
      const std::int64_t g = next / blocks, end = std::min(last, (g + 1) * blocks);
      scale_gradient(g, scaled);
      functions_.sum({scaled.data(), call_["M"], x_.stride(), &prepared_.groups[static_cast<std::size_t>(g)],
                      sums_.data() + g * call_["group"], call_["K"]},
                     next - g * blocks, end - g * blocks);
      next = end;
    }
  }

  void scale_gradient(std::int64_t g, AlignedVector<float>& scaled) const {
    const std::int64_t outputs = call_["N"];
    const float* scales = prepared_.scales.data() + g * outputs;
    for (std::int64_t m = 0; m < call_["M"]; ++m) {
      const float* from = x_.data() + m * x_.stride();
      float* to = scaled.data() + m * x_.stride();
      for (std::int64_t n = 0; n < outputs; ++n) to[n] = from[n] * scales[n];
    }
  }

  const Call& call_;
  const Prepared& prepared_;
  const GroupedFunctions& functions_;
  PaddedRows x_;
  std::vector<float> sums_;
};

// A product is scaled, and rounded, before it takes part: one rounding more than grouped_linear's.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 16, 8, 0, 1};
static_assert(kGroupedContract.chain_extra == 7 && kGroupedContract.chain_divisor == 16);

}  // namespace

Kernel linear_q4gsw_backward(const Target& target) {
  const GroupedFunctions functions = grouped_functions(target);
  return {"linear_q4gsw_backward", kContract, prepare, [functions](const Call& call, void* prepared) {
            if (call["M"] > 0) Backward(call, *static_cast<const Prepared*>(prepared), functions).run();
          }};
}

}  // namespace plumb::cpu
