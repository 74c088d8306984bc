#include "reference/rewrite/packer.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/ops.h"
#include "reference/problem_of.h"

namespace plumb::graph {
namespace {

class ReferencePacker : public Packer {
 public:
  [[nodiscard]] Tensor pack(std::string_view name, const std::vector<Tensor>& inputs,
                            const std::map<std::string, std::int64_t>& params) const override {
    const Op& op = op_named(name);
    const Problem problem = problem_of(op, inputs, Sizes(params.begin(), params.end()));
    const std::vector<double> values = op.evaluate(problem).at(0).value;
    const Form form = output_forms(op, problem.signature).at(0);
    Tensor result(form.dtype, form.shape);
    for (std::int64_t i = 0; i < result.size(); ++i) result.set(i, values[static_cast<std::size_t>(i)]);
    return result;
  }
};

}  // namespace

const Packer& reference_packer() {
  static const ReferencePacker packer;
  return packer;
}

Tensor tensor_of(const Constant& constant) {
  const auto dtype = info(constant.type.element).dtype;
  if (!dtype) throw Error(fmt::format("a constant of {} cannot be packed", to_string(constant.type)));
  return {*dtype, constant.type.shape, {constant.bytes.begin(), constant.bytes.end()}};
}

ConstantRef constant_of(const Tensor& tensor) {
  Element element = Element::u8;
  for (const ElementInfo& type : all_elements()) {
    if (type.dtype == tensor.dtype()) element = type.element;
  }
  return make_constant({element, tensor.shape()}, {tensor.bytes().begin(), tensor.bytes().end()});
}

}  // namespace plumb::graph
