#include "reference/shape_formula.h"

namespace plumb {

std::vector<Dim> parse_shape(std::string_view text) {
  std::vector<Dim> dims;
  int depth = 0;
  std::string part;
  const auto finish = [&] {
    const bool leading = part.ends_with("...");
    if (leading) part.resize(part.size() - 3);
    if (!part.empty()) dims.push_back({part, leading});
    part.clear();
  };
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      finish();
    } else if (c != ' ' || depth > 0) {
      part += c;
    }
  }
  finish();
  return dims;
}

Shape evaluate_shape(std::string_view text, const Signature& signature) {
  Shape shape;
  for (const Dim& dim : parse_shape(text)) {
    if (dim.leading) {
      const Shape& leading = signature.leading.at(dim.formula);
      shape.insert(shape.end(), leading.begin(), leading.end());
    } else {
      shape.push_back(evaluate_formula(dim.formula, signature.values));
    }
  }
  return shape;
}

}  // namespace plumb
