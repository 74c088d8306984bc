#include "runners/execute.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"
#include "runners/black_box.h"

namespace plumb {
namespace {

DType contract_dtype(const plumb_impl& impl, const char* field, std::int32_t value) {
  for (const DTypeInfo& type : all_dtypes()) {
    if (static_cast<std::int32_t>(type.dtype) == value && type.is_float) return type.dtype;
  }
  throw Error(fmt::format("{}: contract.{}: expected a floating-point plumb_dtype, got {}", impl.name, field, value));
}

Placement in_bytes(Placement placement, DType dtype) {
  placement.shift *= static_cast<std::size_t>(info(dtype).size_bytes);
  return placement;
}

// Calls a function of the implementation. An exception that comes out of it is its fault, and not ours.
template <typename Function>
plumb_status call_safely(std::string_view what, const Function& function) {
  const Activity activity(what);
  try {
    return function();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& escaped) {
    throw Error(
        fmt::format("{} let an exception across the C ABI: {}", what.substr(0, what.find(' ')), escaped.what()));
  } catch (...) {
    throw Error(fmt::format("{} let an exception across the C ABI", what.substr(0, what.find(' '))));
  }
}

}  // namespace

Contract contract_of(const plumb_impl& impl) {
  const plumb_contract& c = impl.contract;
  if (c.chain_divisor < 1 || c.chain_extra < 0) {
    throw Error(fmt::format("{}: contract: expected chain_divisor >= 1 and chain_extra >= 0, got {} and {}", impl.name,
                            c.chain_divisor, c.chain_extra));
  }
  return {contract_dtype(impl, "activation", c.activation),
          contract_dtype(impl, "weight", c.weight),
          contract_dtype(impl, "accumulator", c.accumulator),
          c.chain_divisor,
          c.chain_extra,
          c.flushes_subnormals != 0,
          c.deterministic != 0};
}

std::string to_string(plumb_status status) {
  switch (status) {
    case PLUMB_OK:
      return "ok";
    case PLUMB_UNSUPPORTED:
      return "unsupported";
    case PLUMB_BAD_ARGUMENT:
      return "bad argument";
    case PLUMB_OUT_OF_MEMORY:
      return "out of memory";
    case PLUMB_DEVICE_ERROR:
      return "device error";
    case PLUMB_INTERNAL_ERROR:
      return "internal error";
  }
  return fmt::format("unknown status {}", static_cast<int>(status));
}

// A plumb_call and the arrays it points to.
struct Execute::Frame {
  std::vector<plumb_tensor> inputs;
  std::vector<plumb_tensor> outputs;
  plumb_call call;
};

Execute::Execute(const plumb_impl& impl, const Op& op, const Problem& problem, std::vector<Form> outputs,
                 Placement placement)
    : impl_(impl), op_(op), problem_(problem), forms_(std::move(outputs)), placement_(placement) {
  for (const Param& param : op.params) {
    const auto value = problem.signature.values.find(param.name);
    if (value != problem.signature.values.end()) params_.push_back({param.name.c_str(), value->second});
  }
  // What a problem has beyond the operator's parameters and sizes is for the implementation to refuse.
  for (const auto& [name, value] : problem.signature.values) {
    if (op.param(name) == nullptr && op.size(name) == nullptr) params_.push_back({name.c_str(), value});
  }
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    inputs_.emplace_back(problem.inputs[i].bytes(), in_bytes(placement, problem.inputs[i].dtype()),
                         op.inputs[i].name.c_str());
    if (!placement.forgiving) inputs_.back().make_read_only();
  }
}

Execute::Execute(const Execute& owner, const Problem& problem, std::vector<Form> outputs)
    : Execute(owner.impl_, owner.op_, problem, std::move(outputs), owner.placement_) {
  prepared_ = owner.prepared_;
  owns_prepared_ = false;
}

Execute::~Execute() {
  if (!owns_prepared_ || prepared_ == nullptr || impl_.release == nullptr) return;
  const Activity activity("release");
  impl_.release(&impl_, prepared_);
}

bool Execute::passes_data(std::size_t input, Stage stage) const {
  if (!problem_.inputs[input].present()) return false;
  const bool constant = op_.inputs[input].role == Role::constant;
  switch (stage) {
    case Stage::ask:
      return false;
    case Stage::prepare:
      return constant;
    case Stage::run:
      return !constant || impl_.prepare == nullptr;
  }
  PLUMB_CHECK(false);
}

std::unique_ptr<Execute::Frame> Execute::make_frame(Stage stage, int threads, std::span<Guarded> outputs) {
  auto frame = std::make_unique<Frame>();
  for (std::size_t i = 0; i < problem_.inputs.size(); ++i) {
    const Tensor& tensor = problem_.inputs[i];
    frame->inputs.push_back({op_.inputs[i].name.c_str(), passes_data(i, stage) ? inputs_[i].data() : nullptr,
                             tensor.shape().data(), static_cast<std::int32_t>(tensor.shape().size()),
                             tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0});
  }
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    const Form& form = forms_[i];
    frame->outputs.push_back({op_.outputs[i].name.c_str(), outputs.empty() ? nullptr : outputs[i].data(),
                              form.shape.data(), static_cast<std::int32_t>(form.shape.size()),
                              static_cast<std::int32_t>(form.dtype)});
  }
  frame->call = {sizeof(plumb_call),
                 static_cast<std::int32_t>(frame->inputs.size()),
                 frame->inputs.data(),
                 static_cast<std::int32_t>(frame->outputs.size()),
                 static_cast<std::int32_t>(params_.size()),
                 frame->outputs.data(),
                 params_.data(),
                 threads};
  return frame;
}

plumb_status Execute::supports(std::string* reason) {
  if (impl_.supports == nullptr) return PLUMB_OK;
  const char* why = nullptr;
  const auto frame = make_frame(Stage::ask, 1, {});
  const plumb_status status = call_safely("supports", [&] { return impl_.supports(&impl_, &frame->call, &why); });
  *reason = why == nullptr ? "the implementation does not support this case" : why;
  return status;
}

plumb_status Execute::prepare() {
  PLUMB_CHECK(prepared_ == nullptr);
  if (impl_.prepare == nullptr) return PLUMB_OK;
  const auto frame = make_frame(Stage::prepare, 1, {});
  const plumb_status status = call_safely("prepare", [&] { return impl_.prepare(&impl_, &frame->call, &prepared_); });
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (op_.inputs[i].role == Role::constant) inputs_[i].expire();
  }
  return status;
}

std::vector<std::string> Execute::violations(Stage stage, std::span<const Guarded> outputs) const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    // Memory that is read-only can still be written to by whoever makes it writable, or by a device.
    if (passes_data(i, stage) && !std::ranges::equal(inputs_[i].bytes(), problem_.inputs[i].bytes())) {
      found.push_back(fmt::format("{}, an input, was written to", op_.inputs[i].name));
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].guards_intact()) found.push_back(fmt::format("bytes outside {} were written", op_.outputs[i].name));
  }
  return found;
}

std::vector<Guarded> Execute::make_outputs(std::byte poison) const {
  std::vector<Guarded> outputs;
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    const std::int64_t bytes = element_count(forms_[i].shape) * info(forms_[i].dtype).size_bytes;
    outputs.emplace_back(static_cast<std::size_t>(bytes), poison, in_bytes(placement_, forms_[i].dtype),
                         op_.outputs[i].name.c_str());
  }
  return outputs;
}

plumb_status Execute::run_on(std::span<Guarded> outputs, int threads) {
  const auto frame = make_frame(Stage::run, threads, outputs);
  const std::string what = fmt::format("run with {} thread{}", threads, threads == 1 ? "" : "s");
  return call_safely(what, [&] { return impl_.run(&impl_, &frame->call, prepared_); });
}

Execution Execute::run(int threads, std::byte poison) {
  std::vector<Guarded> outputs = make_outputs(poison);
  const plumb_status status = run_on(outputs, threads);
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    results.emplace_back(forms_[i].dtype, forms_[i].shape);
    std::ranges::copy(outputs[i].bytes(), results[i].bytes().begin());
  }
  return {status, std::move(results), violations(Stage::run, outputs)};
}

}  // namespace plumb
