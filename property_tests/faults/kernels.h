// One plain kernel for each operator: scalar, straight, right if nothing is mutated.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "impls/builtin.h"
#include "property_tests/faults/mutation.h"

namespace plumb::faults {

[[nodiscard]] Kernel pack_uint4(Mutation mutation);
[[nodiscard]] Kernel unpack_uint4(Mutation mutation);
[[nodiscard]] Kernel linear_q4gsw(Mutation mutation);
[[nodiscard]] Kernel linear_dq8ca_q4gsw(Mutation mutation);
[[nodiscard]] Kernel linear_q8ta_q8csw(Mutation mutation);
[[nodiscard]] Kernel embedding_q4gsw(Mutation mutation);
/// The operators of impls/linear_source.h but linear_q4gsw; nothing for any other.
[[nodiscard]] std::optional<Kernel> grouped_linear(std::string_view op, Mutation mutation);

/// The code in byte `byte` of a pair, from offset binary: -8 … 7.
[[nodiscard]] int decode(std::uint8_t byte, bool high, Mutation mutation);

/// The group whose scale column k of `columns` gets.
[[nodiscard]] std::int64_t group_of(std::int64_t k, std::int64_t group, std::int64_t columns, Mutation mutation);

/// Rounds to the nearest f16 or bf16, if that is the mutation.
[[nodiscard]] inline float rounded(float value, Mutation mutation) {
  if (mutation == Mutation::half_precision) return static_cast<float>(Eigen::half(value));
  if (mutation == Mutation::bf16_precision) return static_cast<float>(Eigen::bfloat16(value));
  return value;
}

/// An output as a kernel fills it: elements that a mutation leaves out are not written.
class Output {
 public:
  Output(const Call& call, std::int64_t columns, Mutation mutation);
  void set(std::int64_t row, std::int64_t column, double value) const;

 private:
  void store(std::int64_t flat, double value) const;

  std::byte* data_;
  DType dtype_;
  std::int64_t rows_, columns_;
  Mutation mutation_;
};

/// What the mutations of memory, status and process do once the output is written.
void misbehave(const Call& call, bool unusual_shape, Mutation mutation);

}  // namespace plumb::faults
