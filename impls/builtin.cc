#include "impls/builtin.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <cstdio>
#include <cstring>
#include <new>

#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

Shape shape_of_tensor(const plumb_tensor& tensor) {
  if (tensor.rank < 0 || (tensor.rank > 0 && tensor.shape == nullptr)) {
    throw Error(fmt::format("{}: rank {} without a shape", tensor.name, tensor.rank));
  }
  return {tensor.shape, tensor.shape + tensor.rank};
}

DType dtype_of_tensor(const plumb_tensor& tensor) {
  for (const DTypeInfo& type : all_dtypes()) {
    if (static_cast<std::int32_t>(type.dtype) == tensor.dtype) return type.dtype;
  }
  throw Error(fmt::format("{}: element type {} is unknown", tensor.name, tensor.dtype));
}

Sizes params_of(const plumb_call& call) {
  Sizes params;
  for (const plumb_param& param : std::span(call.params, static_cast<std::size_t>(call.param_count))) {
    params[param.name] = param.value;
  }
  return params;
}

void check_frame(const plumb_call& call) {
  if (call.struct_size < sizeof(plumb_call)) throw Error("plumb_call: struct_size is too small");
  if (call.param_count < 0) throw Error(fmt::format("param_count: expected >= 0, got {}", call.param_count));
  if (call.threads < 1) throw Error(fmt::format("threads: expected >= 1, got {}", call.threads));
}

void check_output(const Port& port, const Form& expected, const plumb_tensor& output) {
  const Shape got = shape_of_tensor(output);
  if (got == expected.shape && output.dtype == static_cast<std::int32_t>(expected.dtype)) return;
  throw Error(fmt::format("{}: expected {} {}, got {} {}", port.name, to_string(expected.dtype),
                          to_string(expected.shape), to_string(dtype_of_tensor(output)), to_string(got)));
}

// Element `i` of an array that need not be aligned.
template <typename T>
T unaligned(const std::byte* data, std::size_t i) {
  T value;
  std::memcpy(&value, data + i * sizeof value, sizeof value);
  return value;
}

// Throws Error if an input of that role is there but has no data.
void check_data(const Call& call, const plumb_call& raw, Role role) {
  for (std::size_t i = 0; i < call.op().inputs.size(); ++i) {
    if (call.op().inputs[i].role == role && call.input_count(i) > 0 && raw.inputs[i].data == nullptr) {
      throw Error(fmt::format("{}: expected data, got a null pointer", raw.inputs[i].name));
    }
  }
}

void check_output_data(const Call& call, const plumb_call& raw) {
  for (std::size_t i = 0; i < call.op().outputs.size(); ++i) {
    if (call.output_count(i) > 0 && raw.outputs[i].data == nullptr) {
      throw Error(fmt::format("{}: expected memory, got a null pointer", raw.outputs[i].name));
    }
  }
}

// Exceptions end here: the ABI lets none across.
template <typename Body>
plumb_status guarded(const plumb_impl* self, Body body) noexcept {
  try {
    body();
    return PLUMB_OK;
  } catch (const Error&) {
    return PLUMB_BAD_ARGUMENT;
  } catch (const std::bad_alloc&) {
    return PLUMB_OUT_OF_MEMORY;
  } catch (const DeviceError& error) {
    std::fprintf(stderr, "%s: %s\n", self->name, error.what());
    return PLUMB_DEVICE_ERROR;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal error: %s\n", self->name, error.what());
    return PLUMB_INTERNAL_ERROR;
  } catch (...) {
    std::fprintf(stderr, "%s: internal error\n", self->name);
    return PLUMB_INTERNAL_ERROR;
  }
}

const Kernel& kernel_of(const plumb_impl* self) { return *static_cast<const Kernel*>(self->user); }

plumb_status supports_builtin(const plumb_impl* self, const plumb_call* call, const char** reason) {
  const char* why = nullptr;
  const plumb_status status =
      guarded(self, [&] { why = kernel_of(self).unsupported(Call(op_named(self->op), *call)); });
  if (status != PLUMB_OK || why == nullptr) return status;
  *reason = why;
  return PLUMB_UNSUPPORTED;
}

plumb_status prepare_builtin(const plumb_impl* self, const plumb_call* call, void** prepared) {
  return guarded(self, [&] {
    const Call checked(op_named(self->op), *call);
    check_data(checked, *call, Role::constant);
    *prepared = new std::shared_ptr<void>(kernel_of(self).prepare(checked));
  });
}

plumb_status run_builtin(const plumb_impl* self, const plumb_call* call, void* prepared) {
  return guarded(self, [&] {
    const bool later = kernel_of(self).checks_limits;
    const Call checked(op_named(self->op), *call, later ? Call::Values::later : Call::Values::checked);
    check_data(checked, *call, Role::activation);
    if (kernel_of(self).prepare && prepared == nullptr) throw Error("run without what prepare made");
    if (!kernel_of(self).prepare) check_data(checked, *call, Role::constant);
    check_output_data(checked, *call);
    void* state = prepared == nullptr ? nullptr : static_cast<std::shared_ptr<void>*>(prepared)->get();
    kernel_of(self).run(checked, state);
  });
}

void release_builtin(const plumb_impl*, void* prepared) { delete static_cast<std::shared_ptr<void>*>(prepared); }

}  // namespace

Call::Call(const Op& op, const plumb_call& call, Values values) : op_(&op), call_(&call) {
  check_frame(call);
  std::vector<Offer> offers;
  for (int i = 0; i < call.input_count; ++i) {
    const plumb_tensor& tensor = call.inputs[i];
    // An absent optional input has neither data nor an element type.
    const bool present = tensor.data != nullptr || tensor.dtype != 0;
    offers.push_back({present, present ? dtype_of_tensor(tensor) : DType::u8, shape_of_tensor(tensor)});
    counts_.push_back(present ? element_count(offers.back().shape) : 0);
  }
  signature_ = infer_signature(op, offers, params_of(call));
  const std::vector<Form> forms = output_forms(op, signature_);
  if (call.output_count != static_cast<std::int32_t>(forms.size())) {
    throw Error(fmt::format("expected {} outputs, got {}", forms.size(), call.output_count));
  }
  for (std::size_t i = 0; i < forms.size(); ++i) {
    check_output(op.outputs[i], forms[i], call.outputs[i]);
    output_counts_.push_back(element_count(forms[i].shape));
  }
  if (values == Values::checked) check_limits();
}

void Call::check_limits() const {
  // The reference looks at each element, and says what is wrong with the first that is.
  if (!values_are_within_limits()) check_values(*op_, problem_for_value_check());
}

cpu::Limits Call::limits(std::size_t input) const {
  const Port& port = op_->inputs[input];
  return {evaluate_formula(port.low, signature_.values), evaluate_formula(port.high, signature_.values)};
}

bool Call::values_are_within_limits() const {
  for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
    const auto* data = static_cast<const std::byte*>(call_->inputs[i].data);
    if (op_->inputs[i].high.empty() || data == nullptr) continue;
    if (!cpu::all_within(input_dtype(i), data, counts_[i], limits(i), threads())) return false;
  }
  return true;
}

Problem Call::problem_for_value_check() const {
  Problem problem{signature_, {}};
  for (std::size_t i = 0; i < op_->inputs.size(); ++i) {
    const plumb_tensor& tensor = call_->inputs[i];
    if (op_->inputs[i].high.empty() || tensor.data == nullptr) {
      problem.inputs.emplace_back();
      continue;
    }
    Tensor copy(input_dtype(i), shape_of_tensor(tensor));
    if (copy.size() > 0) std::memcpy(copy.bytes().data(), tensor.data, copy.bytes().size());
    problem.inputs.push_back(std::move(copy));
  }
  return problem;
}

std::vector<float> Call::input_as_f32(std::size_t index) const {
  const auto* data = static_cast<const std::byte*>(call_->inputs[index].data);
  if (data == nullptr) return {};
  const DType dtype = input_dtype(index);
  std::vector<float> values(static_cast<std::size_t>(counts_[index]));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(load(dtype, data + i * static_cast<std::size_t>(info(dtype).size_bytes)));
  }
  return values;
}

std::vector<std::int64_t> Call::input_as_i64(std::size_t index) const {
  const auto* data = static_cast<const std::byte*>(call_->inputs[index].data);
  if (data == nullptr) return {};
  const bool wide = input_dtype(index) == DType::i64;
  std::vector<std::int64_t> values(static_cast<std::size_t>(counts_[index]));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = wide ? unaligned<std::int64_t>(data, i) : unaligned<std::int32_t>(data, i);
  }
  return values;
}

void Call::store_f32(std::span<const float> values) const {
  PLUMB_CHECK(static_cast<std::int64_t>(values.size()) == output_count());
  if (output_dtype() == DType::f32) {
    if (!values.empty()) std::memcpy(call_->outputs[0].data, values.data(), values.size_bytes());
    return;
  }
  PLUMB_CHECK(output_dtype() == DType::f16 || output_dtype() == DType::bf16);
  auto* out = static_cast<std::byte*>(call_->outputs[0].data);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = output_dtype() == DType::f16 ? std::uint16_t{Eigen::half(values[i]).x}
                                                            : std::uint16_t{Eigen::bfloat16(values[i]).value};
    std::memcpy(out + i * sizeof bits, &bits, sizeof bits);
  }
}

Builtin::Builtin(std::string name, std::string unavailable, Kernel kernel)
    : name_(std::move(name)), unavailable_(std::move(unavailable)), kernel_(std::move(kernel)), abi_{} {
  abi_.struct_size = sizeof abi_;
  abi_.op = kernel_.op;
  abi_.name = name_.c_str();
  abi_.unavailable = unavailable_.empty() ? nullptr : unavailable_.c_str();
  abi_.contract = kernel_.contract;
  abi_.user = &kernel_;
  abi_.prepare = kernel_.prepare ? prepare_builtin : nullptr;
  abi_.run = run_builtin;
  abi_.supports = kernel_.unsupported ? supports_builtin : nullptr;
  abi_.release = kernel_.prepare ? release_builtin : nullptr;
}

}  // namespace plumb
