// What there is to be explained: outputs, and which of their elements are wrong.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runners/check.h"
#include "runners/where.h"

namespace plumb {

/// The wrong elements of all outputs of one execution. Refers to what it is made from.
class Evidence {
 public:
  /// `poison` is the byte that the outputs were filled with.
  Evidence(const Question& question, const Contract& contract, std::span<const Tensor> outputs, std::byte poison);

  [[nodiscard]] const Question& question() const { return question_; }
  [[nodiscard]] const Contract& contract() const { return contract_; }
  [[nodiscard]] std::span<const Tensor> outputs() const { return outputs_; }
  [[nodiscard]] std::int64_t wrong_count() const { return wrong_count_; }

  /// Flat indices of the wrong elements of an output.
  [[nodiscard]] const std::vector<std::int64_t>& wrong(std::size_t output) const { return wrong_[output]; }
  /// The first output with a wrong element.
  [[nodiscard]] std::size_t first_wrong_output() const;
  /// Whether the element still holds the poison.
  [[nodiscard]] bool is_unwritten(std::size_t output, std::int64_t flat) const;
  /// Where the wrong elements lie, of the first output that has any; empty for all over it.
  [[nodiscard]] std::string place() const;

  /// How many elements that are right would be wrong if the outputs were what `answer` says; nothing if a wrong element
  /// is not what it says.
  [[nodiscard]] std::optional<std::int64_t> spared_by(const Answer& answer) const;

 private:
  const Question& question_;
  const Contract& contract_;
  std::span<const Tensor> outputs_;
  std::byte poison_;
  std::vector<std::vector<std::int64_t>> wrong_;
  std::vector<std::vector<bool>> is_wrong_;
  std::int64_t wrong_count_ = 0;
};

/// Where the wrong elements of the first output that has any are: see Record::heat.
[[nodiscard]] std::vector<std::string> heat_of(const Evidence& evidence);

/// What wrong elements have to do with right ones: never written, the values of other elements, off by one, NaN where
/// there is a number, subnormals flushed. Empty if nothing is found.
[[nodiscard]] std::string relation_of(const Evidence& evidence);

/// Whether all errors are those of wrong sums of a quantised activation's groups. Empty if not.
[[nodiscard]] std::string activation_sums_of(const Evidence& evidence);

/// What arithmetic the errors of a sum look like: "behaves like a f16 accumulator over chains of 128". Empty if they
/// are like none.
[[nodiscard]] std::string arithmetic_of(const Evidence& evidence);

}  // namespace plumb
