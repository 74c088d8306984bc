// The operators that are grouped linear layers: rows of activation as digits or as f32, whichever is faster.

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "impls/cpu/aten_rows.h"
#include "impls/cpu/digit_linear.h"
#include "impls/cpu/grouped_linear.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/quantised_rows.h"

namespace plumb::cpu {
namespace {

// A weight in the form that sums of f32 take, and, if it has one, in that of digits.
struct Prepared {
  explicit Prepared(const LinearSource& source) : weight(source), dynamic(source.dynamic) {
    // Segments of fewer columns would take more sums than the contract has.
    if (dynamic == 0 || std::gcd(source.weight.group, dynamic) < kWidth) return;
    quads = quad_weight(source.weight, dynamic);
    is_asked = true;
  }

  // Made when it is needed first. Calls of one implementation come from one thread at a time.
  const QuadWeight* as_quads() {
    if (!is_asked && dynamic == 0) quads = quad_weight(weight);
    is_asked = true;
    return quads.get();
  }

  GroupedWeight weight;
  std::int64_t dynamic;
  std::unique_ptr<QuadWeight> quads;
  bool is_asked = false;
};

// Engines of a target: `few` for up to kFewRows rows of activation, `many` for more.
struct Engines {
  GroupedFunctions floats;
  DigitEngine few, many;
  bool is_forced;

  // The one for that many rows, if digits are worth while.
  [[nodiscard]] const DigitEngine* digits_for(std::int64_t rows, std::int64_t dynamic) const {
    if (rows <= kFewRows && (has_vectors || is_forced)) return &few;
    if (many.products == ByteProducts::tiles || is_forced) return &many;
    return dynamic != 0 && has_vectors ? &many : nullptr;
  }

  bool has_vectors;
};

Engines engines_of(const Target& target, std::optional<ByteProducts> forced) {
  const ByteProducts few = forced.value_or(best_for_few_rows(target));
  const ByteProducts many = forced.value_or(best_for_many_rows(target));
  return {grouped_functions(target), digit_engine(target, few), digit_engine(target, many), forced.has_value(),
          target.name != "scalar"};
}

// What the weight is multiplied by: the call's activation, or the layer's own.
PaddedRows rows_of(const Call& call, const GroupedWeight& weight, const LinearRowFunctions& functions,
                   std::int64_t dynamic) {
  if (weight.activation) return {weight.activation(call), call["M"]};
  return {call, functions, weight.columns, weight.factors.empty() ? nullptr : weight.factors.data(), dynamic};
}

// Rows [rows, stride] of f32, quantised already if they are to be.
void sum_floats(const float* x, std::int64_t rows, std::int64_t stride, const GroupedWeight& weight,
                const GroupedFunctions& functions, int threads, float* sums) {
  const GroupedSums job{x, rows, stride, &weight, sums, weight.rows};
  parallel_ranges(weight.blocks, threads,
                  [&](std::int64_t first, std::int64_t last) { functions.sum(job, first, last); });
}

// Rows `which` of an activation that is not quantised yet, brought together.
void sum_some(const PaddedRows& x, const std::vector<std::int64_t>& which, const GroupedWeight& weight,
              const GroupedFunctions& functions, int threads, std::vector<float>& sums) {
  const std::int64_t stride = x.stride(), rows = std::ssize(which), outputs = weight.rows;
  AlignedVector<float> own(static_cast<std::size_t>(rows * stride));
  std::vector<float> own_sums(static_cast<std::size_t>(rows * outputs));
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = own.data() + i * stride;
    std::copy_n(x.data() + which[static_cast<std::size_t>(i)] * stride, stride, row);
    if (weight.dynamic != 0) functions.rows.quantise(weight.columns, weight.dynamic, row);
  }
  sum_floats(own.data(), rows, stride, weight, functions, threads, own_sums.data());
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(own_sums.data() + i * outputs, outputs, sums.data() + which[static_cast<std::size_t>(i)] * outputs);
  }
}

void sum(const Call& call, Prepared& prepared, const Engines& engines, std::vector<float>& sums) {
  const GroupedWeight& weight = prepared.weight;
  const DigitEngine* digits = engines.digits_for(call["M"], weight.dynamic);
  const QuadWeight* quads = digits == nullptr ? nullptr : prepared.as_quads();
  const PaddedRows x = rows_of(call, weight, engines.floats.rows, quads == nullptr ? weight.dynamic : 0);
  if (quads == nullptr)
    return sum_floats(x.data(), call["M"], x.stride(), weight, engines.floats, call.threads(), sums.data());
  const std::vector<std::int64_t> others =
      sum_by_digits(*digits, x, call["M"], weight.dynamic, *quads, call.threads(), sums.data());
  if (!others.empty()) sum_some(x, others, weight, engines.floats, call.threads(), sums);
}

void run(const Call& call, Prepared& prepared, const Engines& engines) {
  const GroupedWeight& weight = prepared.weight;
  const std::int64_t rows = call["M"], outputs = weight.rows;
  if (rows == 0) return;
  std::vector<float> sums(static_cast<std::size_t>(rows * outputs));
  sum(call, prepared, engines, sums);
  const float* bias = weight.bias.empty() ? nullptr : weight.bias.data();
  for (std::int64_t m = 0; m < rows; ++m) {
    engines.floats.rows.finish(call.output_dtype(), sums.data() + m * outputs, m, outputs, bias,
                               weight.rounds_before_bias, call.output<std::byte>().data());
  }
}

Kernel kernel(const char* op, const Target& target, MakeLinear read, std::optional<ByteProducts> forced) {
  const Engines engines = engines_of(target, forced);
  return {op, kGroupedContract,
          [read = std::move(read)](const Call& call) { return std::make_shared<Prepared>(read(call)); },
          [engines](const Call& call, void* prepared) { run(call, *static_cast<Prepared*>(prepared), engines); }};
}

}  // namespace

Kernel grouped_linear(const char* op, const Target& target, MakeLinear read) {
  return kernel(op, target, std::move(read), std::nullopt);
}
Kernel digit_linear(const char* op, const Target& target, MakeLinear read, ByteProducts products) {
  return kernel(op, target, std::move(read), products);
}

Kernel linear_q4gsw(const Target& target) { return grouped_linear("linear_q4gsw", target, read_linear_q4gsw); }
Kernel linear_qcs4w(const Target& target) { return grouped_linear("linear_qcs4w", target, read_linear_qcs4w); }
Kernel linear_int4_plain_int32(const Target& target) {
  return grouped_linear("linear_int4_plain_int32", target, read_linear_int4_plain_int32);
}
Kernel matmul_compressed(const Target& target) {
  return grouped_linear("matmul_compressed", target, read_matmul_compressed);
}
Kernel weight_int4pack_mm(const Target& target) {
  return grouped_linear("weight_int4pack_mm", target, read_weight_int4pack_mm);
}
Kernel linear_intx(const Target& target) { return grouped_linear("linear_intx", target, read_linear_intx); }
Kernel linear_dynamic_intx(const Target& target) {
  return grouped_linear(
      "linear_dynamic_intx", target,
      with_quantised_rows({choose_qparams_affine(target), quantize_affine(target), dequantize_affine(target)}));
}
Kernel dyn_quant_matmul_4bit(const Target& target) {
  return grouped_linear("dyn_quant_matmul_4bit", target, [quantise = aten_rows_of(target)](const Call& prepared) {
    LinearSource source = read_dyn_quant_matmul_4bit(prepared);
    source.activation = [quantise](const Call& call) { return aten_quantised_rows(call, quantise); };
    return source;
  });
}

}  // namespace plumb::cpu
