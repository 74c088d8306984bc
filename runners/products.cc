#include "runners/products.h"

#include <algorithm>

namespace plumb {

std::int64_t products_of_element(const Op& op, const Signature& signature) {
  const std::string& formula = op.products.empty() ? op.length : op.products;
  return formula.empty() ? 1 : std::max<std::int64_t>(1, evaluate_formula(formula, signature.values));
}

std::int64_t product_count(const Op& op, const Signature& signature) {
  std::int64_t elements = 0;
  for (const Form& form : output_forms(op, signature)) elements += element_count(form.shape);
  return elements * products_of_element(op, signature);
}

std::int64_t oracle_work(const Op& op, const Signature& signature) {
  std::int64_t work = product_count(op, signature);
  for (const Port& port : op.inputs) {
    if (is_present(port, signature)) work += element_count(shape_of(port, signature));
  }
  return work;
}

}  // namespace plumb
