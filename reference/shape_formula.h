// Shapes of ports as text: "M..., K/2".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reference/op.h"

namespace plumb {

/// One dimension of a port's shape: a formula, or a name that stands for any leading dimensions of that product.
struct Dim {
  std::string formula;
  bool leading;  ///< `NAME...`
};

/// The dimensions of "M..., K/2", outermost first.
[[nodiscard]] std::vector<Dim> parse_shape(std::string_view text);

/// The shape that a signature gives the text. Throws Error as evaluate_formula does.
[[nodiscard]] Shape evaluate_shape(std::string_view text, const Signature& signature);

}  // namespace plumb
