// Which golden operations are there operators for? golden_bindings/ holds the tables, one for each system.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "golden/golden.h"
#include "reference/contract.h"
#include "reference/op.h"

namespace plumb {

/// How a recorded upstream operation is an operator of ours. An operation that does several things has several.
struct GoldenBinding {
  using Renames = std::vector<std::pair<std::string, std::string>>;
  std::string golden_op;   ///< "executorch.linear_q4gsw"
  std::string op;          ///< "linear_q4gsw"
  Renames inputs;          ///< Recorded dataset -> input port.
  Renames attributes;      ///< Recorded number, or word of a choice -> parameter.
  Renames outputs;         ///< Recorded dataset -> output port; the operator's other outputs are not compared.
  Renames output_dtypes;   ///< Recorded dataset -> element-type parameter that its type decides.
  Contract contract = {};  ///< What upstream's own implementation promises: its recorded output is judged by this.
  Sizes fixed = {};        ///< Parameters that are the same for every case of this operation.
  /// What the tables above cannot say: adds to the parameters from the record. May be empty.
  std::function<void(const golden::Case&, Sizes&)> adapt = {};
  /// The case in terms that the tables can translate: tensors renamed, reshaped, or outputs that are the operator's
  /// inputs. Nothing if the case says nothing about this operator. Empty: as recorded.
  std::function<std::optional<golden::Case>(golden::Case)> restate = {};
};

/// All bindings, in the order of the table.
[[nodiscard]] std::span<const GoldenBinding> all_golden_bindings();
/// Those of one recorded operation; none if there is no operator for it yet.
[[nodiscard]] std::vector<const GoldenBinding*> golden_bindings_of(std::string_view golden_op);

}  // namespace plumb
