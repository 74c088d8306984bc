#include "runners/accuracy/called_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "runners/execute.h"
#include "runners/guarded.h"

namespace plumb::accuracy {
namespace {

// Rounded as as_prescribed does it.
Tensor tensor_of(DType dtype, const model::Matrix<double>& x) {
  Tensor tensor(dtype, {x.rows(), x.cols()});
  const model::Matrix<float> narrow = x.cast<float>();
  const auto copy = [&](const auto& matrix) {
    std::ranges::copy(std::as_bytes(std::span(matrix.data(), static_cast<std::size_t>(matrix.size()))),
                      tensor.bytes().begin());
  };
  if (dtype == DType::f16) {
    copy(model::Matrix<Eigen::half>(narrow.cast<Eigen::half>()));
  } else {
    copy(narrow);
  }
  return tensor;
}

// Elements of a tensor of type T.
template <typename T>
model::Matrix<double> widened(const Tensor& tensor) {
  model::Matrix<T> narrow(tensor.shape()[0], tensor.shape()[1]);
  const auto elements = std::as_writable_bytes(std::span(narrow.data(), static_cast<std::size_t>(narrow.size())));
  std::ranges::copy(tensor.bytes(), elements.begin());
  return narrow.template cast<double>();
}

// All inputs of the operator: constants of the weight, and the activations.
const Tensor& input(const PackedWeight& weight, const std::vector<Tensor>& activations, std::size_t i) {
  return activations[i].present() ? activations[i] : weight.inputs[i];
}

Signature signature_of(const PackedWeight& weight, const std::vector<Tensor>& activations) {
  std::vector<Offer> offers;
  for (std::size_t i = 0; i < activations.size(); ++i) offers.push_back(offer_of(input(weight, activations, i)));
  return infer_signature(*weight.op, offers, weight.params);
}

}  // namespace

std::vector<Tensor> activations_for(const PackedWeight& weight, Activation activation, const model::Matrix<double>& x) {
  std::vector<Tensor> inputs(weight.op->inputs.size());
  inputs[0] = tensor_of(activation == Activation::f16 ? DType::f16 : DType::f32, x);
  if (activation != Activation::int8_rows) return inputs;
  const RowParameters rows = choose_row_parameters(x.cast<float>());
  inputs[1] = Tensor(DType::f32, {x.rows()});
  inputs[2] = Tensor(DType::i8, {x.rows()});
  for (std::int64_t m = 0; m < x.rows(); ++m) {
    inputs[1].set(m, rows.scales[static_cast<std::size_t>(m)]);
    inputs[2].set(m, rows.zero_points[static_cast<std::size_t>(m)]);
  }
  return inputs;
}

std::vector<Tensor> activations_for(const PackedWeight& weight, std::span<const std::int32_t> rows) {
  std::vector<Tensor> inputs(weight.op->inputs.size());
  Tensor& indices = inputs[weight.op->input_index("indices")] = Tensor(DType::i64, {std::ssize(rows)});
  for (std::size_t i = 0; i < rows.size(); ++i) indices.set(static_cast<std::int64_t>(i), rows[i]);
  return inputs;
}

Problem problem_for(const PackedWeight& weight, std::vector<Tensor> activations) {
  Signature signature = signature_of(weight, activations);
  for (std::size_t i = 0; i < activations.size(); ++i) activations[i] = input(weight, activations, i);
  return {std::move(signature), std::move(activations)};
}

template <typename Function>
plumb_status CalledLayer::call(Stage stage, const std::vector<Tensor>& activations, std::byte* output,
                               const Function& function) {
  const Op& op = *weight_.op;
  const Signature signature = signature_of(weight_, activations);
  params_.clear();
  for (const Param& param : op.params) params_.push_back({param.name.c_str(), signature[param.name]});
  std::vector<plumb_tensor> inputs, outputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& tensor = input(weight_, activations, i);
    const bool constant = op.inputs[i].role == Role::constant;
    const bool passed =
        stage == Stage::prepare ? constant : stage == Stage::run && (!constant || impl_.prepare == nullptr);
    // The ABI promises to read only.
    void* data = passed && tensor.present() ? const_cast<std::byte*>(tensor.bytes().data()) : nullptr;
    inputs.push_back({op.inputs[i].name.c_str(), data, tensor.shape().data(),
                      static_cast<std::int32_t>(tensor.shape().size()),
                      tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0});
  }
  const std::vector<Form> forms = output_forms(op, signature);
  outputs.push_back({op.outputs[0].name.c_str(), output, forms[0].shape.data(),
                     static_cast<std::int32_t>(forms[0].shape.size()), static_cast<std::int32_t>(forms[0].dtype)});
  const plumb_call call = {sizeof(plumb_call),
                           static_cast<std::int32_t>(inputs.size()),
                           inputs.data(),
                           1,
                           static_cast<std::int32_t>(params_.size()),
                           outputs.data(),
                           params_.data(),
                           1};
  try {
    return function(&call);
  } catch (const std::exception& escaped) {
    throw Error(fmt::format("{} of {} let an exception across the C ABI: {}", impl_.name, op.name, escaped.what()));
  }
}

CalledLayer::CalledLayer(const plumb_impl& impl, const PackedWeight& weight, const std::vector<Tensor>& activations)
    : impl_(impl), weight_(weight) {
  if (impl.unavailable != nullptr) throw NotSupported(impl.unavailable);
  if (impl.supports != nullptr) {
    const char* why = nullptr;
    const auto ask = [&](const plumb_call* call) { return impl.supports(&impl, call, &why); };
    if (call(Stage::ask, activations, nullptr, ask) != PLUMB_OK) {
      throw NotSupported(fmt::format("{}: {}", impl.op, why == nullptr ? "not supported" : why));
    }
  }
  if (impl.prepare == nullptr) return;
  const plumb_status status = call(Stage::prepare, activations, nullptr,
                                   [&](const plumb_call* call) { return impl.prepare(&impl, call, &prepared_); });
  if (status != PLUMB_OK) throw Error(fmt::format("prepare of {}: {}", impl.op, to_string(status)));
}

CalledLayer::~CalledLayer() {
  if (prepared_ != nullptr && impl_.release != nullptr) impl_.release(&impl_, prepared_);
}

Tensor CalledLayer::run(const std::vector<Tensor>& activations) {
  const Op& op = *weight_.op;
  const Form form = output_forms(op, signature_of(weight_, activations))[0];
  Tensor result(form.dtype, form.shape);
  Guarded output(static_cast<std::size_t>(result.size_bytes()), kPoison);
  const plumb_status status = call(Stage::run, activations, output.data(),
                                   [&](const plumb_call* call) { return impl_.run(&impl_, call, prepared_); });
  if (status != PLUMB_OK) throw Error(fmt::format("run of {}: {}", impl_.op, to_string(status)));
  if (!output.guards_intact()) throw Error(fmt::format("run of {}: bytes outside the output were written", impl_.op));
  std::ranges::copy(output.bytes(), result.bytes().begin());
  return result;
}

model::Matrix<double> matrix_of(const Tensor& tensor) {
  PLUMB_CHECK(tensor.shape().size() == 2);
  if (tensor.dtype() == DType::f32) return widened<float>(tensor);
  if (tensor.dtype() == DType::f16) return widened<Eigen::half>(tensor);
  model::Matrix<double> matrix(tensor.shape()[0], tensor.shape()[1]);
  for (std::int64_t i = 0; i < tensor.size(); ++i) matrix.data()[i] = tensor.at(i);
  return matrix;
}

}  // namespace plumb::accuracy
