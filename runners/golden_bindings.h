// Which golden operations are there operators for? golden_bindings.cc is the table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/contract.h"

namespace plumb {

/// How a recorded upstream operation is an operator of ours.
struct GoldenBinding {
  using Renames = std::vector<std::pair<std::string, std::string>>;
  std::string golden_op;           ///< "executorch.linear_q4gsw"
  std::string op;                  ///< "linear_q4gsw"
  Renames inputs;                  ///< Recorded dataset -> input port.
  Renames attributes;              ///< Recorded attribute -> parameter.
  std::string output;              ///< Recorded dataset of the output.
  std::string output_dtype_param;  ///< Parameter that the recorded output's element type decides; empty if none.
  Contract contract;  ///< What upstream's own implementation promises: its recorded output is judged by this.
};

/// All bindings, in the order of the table.
[[nodiscard]] std::span<const GoldenBinding> all_golden_bindings();
/// nullptr if there is no operator for it yet.
[[nodiscard]] const GoldenBinding* find_golden_binding(std::string_view golden_op);

}  // namespace plumb
