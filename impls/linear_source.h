// What linear layers with low-bit weights are made of, read from an operator's call: the same for all devices.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "impls/builtin.h"

namespace plumb {

/// Codes of a weight, 0 … 2^bits - 1: one by one, or a row at a time, which a large weight is prepared from.
class SourceCodes {
 public:
  using One = std::function<unsigned(std::int64_t n, std::int64_t k)>;
  using Row = std::function<void(std::int64_t n, std::span<std::uint8_t> codes)>;

  SourceCodes() = default;
  /// From a function of (n, k), which rows are read with, too.
  template <typename Function>
  requires std::is_invocable_r_v<unsigned, const Function&, std::int64_t, std::int64_t> SourceCodes(
      Function one)  // NOLINT: as good as the function
      : one_(one), row_([one](std::int64_t n, std::span<std::uint8_t> codes) {
          for (std::size_t k = 0; k < codes.size(); ++k) {
            codes[k] = static_cast<std::uint8_t>(one(n, static_cast<std::int64_t>(k)));
          }
        }) {}
  /// From one that has a quicker way to read rows.
  SourceCodes(One one, Row row) : one_(std::move(one)), row_(std::move(row)) {}

  [[nodiscard]] unsigned operator()(std::int64_t n, std::int64_t k) const { return one_(n, k); }
  /// The first codes of row n, as many as fit.
  void row(std::int64_t n, std::span<std::uint8_t> codes) const { row_(n, codes); }

 private:
  One one_;
  Row row_;
};

/// w[n, k] = (base + code(n, k) - zero(n, g)) * scale(n, g), or, if `adds`,
/// w[n, k] = (base + code(n, k)) * scale(n, g) + zero(n, g); g = k / group.
struct WeightSource {
  std::int64_t rows, columns, group;
  int bits;          ///< 2, 4 or 8
  int base;          ///< What code 0 means.
  SourceCodes code;  ///< 0 … 2^bits - 1
  std::function<float(std::int64_t n, std::int64_t g)> scale;
  std::function<float(std::int64_t n, std::int64_t g)> zero = {};  ///< Empty: none.
  bool adds = false;
};

/// y = sum_k x'[m, k] w[n, k] + bias[n]. It refers to the call's memory.
struct LinearSource {
  WeightSource weight;
  std::vector<float> bias = {};     ///< [rows]; empty: none
  std::vector<float> factors = {};  ///< [columns]: x' = x * factors, rounded to x's type. Empty: x' = x.
  /// Columns of a row of x' that are quantised to int8 and back together: s = max |x'| / 127, s rne(x' / s). 0: none.
  /// Divides the columns, and is a multiple of 16.
  std::int64_t dynamic = 0;
  bool rounds_before_bias = false;  ///< Sums are rounded to y's type before the bias is added, and again after.
  /// What x' is instead, [M, columns] in f32, from a call of `run`. Empty: as above.
  std::function<std::vector<float>(const Call&)> activation = {};
};

/// The operators' layers, from the constants of a call of `prepare`.
using ReadLinear = LinearSource (*)(const Call&);
/// Also the weight of linear_q4gsw_backward, which is the same.
[[nodiscard]] LinearSource read_linear_q4gsw(const Call& call);
[[nodiscard]] LinearSource read_linear_qcs4w(const Call& call);
[[nodiscard]] LinearSource read_linear_int4_plain_int32(const Call& call);
[[nodiscard]] LinearSource read_matmul_compressed(const Call& call);
[[nodiscard]] LinearSource read_weight_int4pack_mm(const Call& call);
/// Also those of linear_dynamic_intx, apart from the activation.
[[nodiscard]] LinearSource read_linear_intx(const Call& call);
/// Apart from the activation.
[[nodiscard]] LinearSource read_dyn_quant_matmul_4bit(const Call& call);

/// Reads a layer, and may give it an activation of its own.
using MakeLinear = std::function<LinearSource(const Call&)>;

}  // namespace plumb
