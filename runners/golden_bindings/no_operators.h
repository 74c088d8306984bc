// Recorded operations that no operator will ever be bound to: graphs, models, declarations.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace plumb {

/// Why a recorded operation is no operator, and which command judges such things instead, if one does.
struct NoOperator {
  std::string_view golden_op, reason;
};

[[nodiscard]] std::span<const NoOperator> all_no_operators();
/// The reason for one recorded operation; none for what there may be an operator for.
[[nodiscard]] std::optional<std::string_view> no_operator_reason(std::string_view golden_op);

}  // namespace plumb
