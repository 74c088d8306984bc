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

// A call with memory of its own for outputs.
class StepCall {
 public:
  StepCall(const Op& op, const Sizes& params, const std::vector<Tensor>& inputs, int threads) {
    std::vector<Offer> offers;
    for (const Tensor& input : inputs) {
      in_.push_back(tensor_of(op.inputs[offers.size()], input));
      offers.push_back(offer_of(input));
    }
    const Signature signature = infer_signature(op, offers, params);
    for (const Form& form : output_forms(op, signature)) outputs_.emplace_back(form.dtype, form.shape);
    for (const Tensor& output : outputs_) out_.push_back(tensor_of(op.outputs[out_.size()], output));
    for (const Param& param : op.params) values_.push_back({param.name.c_str(), signature[param.name]});
    call_ = {sizeof call_,
             static_cast<std::int32_t>(in_.size()),
             in_.data(),
             static_cast<std::int32_t>(out_.size()),
             static_cast<std::int32_t>(values_.size()),
             out_.data(),
             values_.data(),
             threads};
  }
  StepCall(const StepCall&) = delete;
  StepCall& operator=(const StepCall&) = delete;

  [[nodiscard]] const plumb_call& call() const { return call_; }
  [[nodiscard]] std::vector<Tensor> outputs() && { return std::move(outputs_); }

 private:
  std::vector<Tensor> outputs_;
  std::vector<plumb_tensor> in_, out_;
  std::vector<plumb_param> values_;
  plumb_call call_;
};

}  // namespace

Tensor copied_input(const Call& call, std::size_t input, const Shape& shape) {
  Tensor tensor(call.input_dtype(input), shape);
  PLUMB_CHECK(tensor.size() == call.input_count(input));
  if (tensor.size() > 0) {
    std::memcpy(tensor.bytes().data(), call.input<std::byte>(input).data(), tensor.bytes().size());
  }
  return tensor;
}

std::shared_ptr<void> prepare_step(const Kernel& kernel, const Sizes& params, const std::vector<Tensor>& inputs) {
  if (!kernel.prepare) return nullptr;
  const StepCall step(op_named(kernel.op), params, inputs, 1);
  return kernel.prepare(Call(op_named(kernel.op), step.call()));
}

std::vector<Tensor> run_step(const Kernel& kernel, const Sizes& params, const std::vector<Tensor>& inputs, int threads,
                             void* prepared) {
  PLUMB_CHECK(!kernel.prepare || prepared != nullptr);
  StepCall step(op_named(kernel.op), params, inputs, threads);
  kernel.run(Call(op_named(kernel.op), step.call()), prepared);
  return std::move(step).outputs();
}

void store_tensor(const Call& call, std::size_t output, const Tensor& tensor) {
  PLUMB_CHECK(tensor.size() == call.output_count(output) && tensor.dtype() == call.output_dtype(output));
  if (tensor.size() > 0) {
    std::memcpy(call.output<std::byte>(output).data(), tensor.bytes().data(), tensor.bytes().size());
  }
}

}  // namespace plumb
