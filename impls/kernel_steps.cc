#include "impls/kernel_steps.h"

#include <cstring>

#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

plumb_tensor tensor_of(const Port& port, const Tensor& tensor) {
  return {port.name.c_str(), tensor.present() ? const_cast<std::byte*>(tensor.bytes().data()) : nullptr,
          tensor.shape().data(), static_cast<std::int32_t>(tensor.shape().size()),
          tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0};
}

}  // namespace

Tensor copied_input(const Call& call, std::size_t input, const Shape& shape) {
  Tensor tensor(call.input_dtype(input), shape);
  PLUMB_CHECK(tensor.size() == call.input_count(input));
  if (tensor.size() > 0) {
    std::memcpy(tensor.bytes().data(), call.input<std::byte>(input).data(), tensor.bytes().size());
  }
  return tensor;
}

std::vector<Tensor> run_step(const Kernel& kernel, const Sizes& params, const std::vector<Tensor>& inputs,
                             int threads) {
  PLUMB_CHECK(!kernel.prepare);
  const Op& op = op_named(kernel.op);
  std::vector<Offer> offers;
  std::vector<plumb_tensor> in, out;
  for (const Tensor& input : inputs) {
    in.push_back(tensor_of(op.inputs[offers.size()], input));
    offers.push_back(offer_of(input));
  }
  const Signature signature = infer_signature(op, offers, params);
  std::vector<Tensor> outputs;
  for (const Form& form : output_forms(op, signature)) outputs.emplace_back(form.dtype, form.shape);
  for (const Tensor& output : outputs) out.push_back(tensor_of(op.outputs[out.size()], output));
  std::vector<plumb_param> values;
  for (const Param& param : op.params) values.push_back({param.name.c_str(), signature[param.name]});
  const plumb_call call{sizeof call,
                        static_cast<std::int32_t>(in.size()),
                        in.data(),
                        static_cast<std::int32_t>(out.size()),
                        static_cast<std::int32_t>(values.size()),
                        out.data(),
                        values.data(),
                        threads};
  kernel.run(Call(op, call), nullptr);
  return outputs;
}

void store_tensor(const Call& call, std::size_t output, const Tensor& tensor) {
  PLUMB_CHECK(tensor.size() == call.output_count(output) && tensor.dtype() == call.output_dtype(output));
  if (tensor.size() > 0) {
    std::memcpy(call.output<std::byte>(output).data(), tensor.bytes().data(), tensor.bytes().size());
  }
}

}  // namespace plumb
