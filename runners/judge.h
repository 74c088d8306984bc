// The judge: every element of an output against the oracle's value and its bound.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reference/op.h"
#include "reports/record.h"

namespace plumb {

/// What was found in one output, or in all of an operator's.
struct Judgement {
  std::int64_t elements = 0;
  std::int64_t wrong = 0;
  std::int64_t unwritten = 0;  ///< Wrong elements that still hold the poison.
  std::int64_t unjudged = 0;   ///< Elements with an infinite bound, or that the definition leaves open.
  std::optional<Worst> worst;  ///< Of the judged elements; absent if there are none.
  std::string pattern;         ///< Where the wrong elements are, e.g. "all at N >= 32 (of 40)"; may be empty.

  /// Takes in what was found in another output.
  void add(const Judgement& other);
  /// Nothing wrong, and at least one element could have been.
  [[nodiscard]] bool proved() const { return wrong == 0 && unjudged < elements; }
};

/// Whether `got` is an acceptable value of type `dtype` where `want` is right up to `bound`. NaN is accepted only where
/// NaN is wanted; an infinity only where wanted, or where a value within the bound rounds to it.
[[nodiscard]] bool acceptable(double got, double want, double bound, DType dtype);

/// Whether the element still holds what the output was filled with: the caller's poison, or that which a shader's
/// output has before it runs.
[[nodiscard]] bool holds_poison(const Tensor& tensor, std::int64_t flat, std::byte poison);

/// Judges `got` against the oracle. `poison` is the byte the output was filled with.
[[nodiscard]] Judgement judge(const Port& port, const Signature& signature, const Tensor& got,
                              const std::vector<double>& want, const std::vector<double>& bounds, std::byte poison);

/// "wrong elements lie all at N >= 32 (of 40)"; empty if nothing is wrong. Their number is in the record.
[[nodiscard]] std::string describe(const Judgement& judgement);

/// Whether two tensors hold the same bits. All NaNs count as the same. Elements of integer tensors that the oracle
/// leaves open (`want` is NaN) may differ; `want` is empty if none is.
[[nodiscard]] bool same_bits(const Tensor& a, const Tensor& b, std::span<const double> want = {});

}  // namespace plumb
