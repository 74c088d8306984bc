// A problem as a plumb_call, for tests that go through the C ABI.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "impls/plumbline.h"
#include "reference/op.h"

namespace plumb {

/// Which function of an implementation a call is for: it says which inputs have data.
enum class Stage { prepare, run, run_without_prepare };

/// A plumb_call with copies of a problem's inputs and outputs full of poison. Its parts may be spoilt before it is
/// passed on.
class AbiCall {
 public:
  static constexpr std::byte kPoison{0xa5};

  /// Every tensor starts `misalignment` bytes behind a 16-byte boundary.
  AbiCall(const Op& op, const Problem& problem, Stage stage, std::size_t misalignment = 0)
      : forms_(output_forms(op, problem.signature)), misalignment_(misalignment) {
    shapes.reserve(op.inputs.size());
    for (std::size_t i = 0; i < op.inputs.size(); ++i) add_input(op.inputs[i], problem.inputs[i], stage);
    for (const Param& param : op.params) params.push_back({param.name.c_str(), problem.signature[param.name]});
    for (std::size_t i = 0; i < forms_.size(); ++i) add_output(op.outputs[i], forms_[i]);
    call = {sizeof call,
            static_cast<std::int32_t>(inputs.size()),
            inputs.data(),
            static_cast<std::int32_t>(outputs.size()),
            static_cast<std::int32_t>(params.size()),
            outputs.data(),
            params.data(),
            1};
  }
  AbiCall(const AbiCall&) = delete;
  AbiCall& operator=(const AbiCall&) = delete;

  [[nodiscard]] Tensor result(std::size_t place = 0) const {
    Tensor tensor(forms_[place].dtype, forms_[place].shape);
    std::copy_n(output_storage_[place].begin() + static_cast<std::ptrdiff_t>(misalignment_), tensor.bytes().size(),
                tensor.bytes().begin());
    return tensor;
  }
  /// No byte of the outputs, nor those beside them, was written.
  [[nodiscard]] bool is_untouched() const {
    return std::ranges::all_of(output_storage_, [](const std::vector<std::byte>& output) {
      return std::ranges::all_of(output, [](std::byte byte) { return byte == kPoison; });
    });
  }
  /// The byte after each output was not written.
  [[nodiscard]] bool end_is_untouched() const {
    return std::ranges::all_of(output_storage_, [](const auto& output) { return output.back() == kPoison; });
  }

  std::vector<Shape> shapes;
  std::vector<plumb_tensor> inputs;
  std::vector<plumb_param> params;
  std::vector<plumb_tensor> outputs;
  plumb_call call;

 private:
  void add_input(const Port& port, const Tensor& tensor, Stage stage) {
    const bool constant = port.role == Role::constant;
    const bool has_data = stage == Stage::run_without_prepare || constant == (stage == Stage::prepare);
    shapes.push_back(tensor.shape());
    storage_.emplace_back(misalignment_ + tensor.bytes().size() + 1);
    std::byte* data = storage_.back().data() + misalignment_;
    std::ranges::copy(tensor.bytes(), data);
    inputs.push_back({port.name.c_str(), tensor.present() && has_data ? data : nullptr, shapes.back().data(),
                      static_cast<std::int32_t>(shapes.back().size()),
                      tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0});
  }

  void add_output(const Port& port, const Form& form) {
    output_storage_.emplace_back(misalignment_ + Tensor(form.dtype, form.shape).bytes().size() + 1, kPoison);
    outputs.push_back({port.name.c_str(), output_storage_.back().data() + misalignment_, form.shape.data(),
                       static_cast<std::int32_t>(form.shape.size()), static_cast<std::int32_t>(form.dtype)});
  }

  std::vector<Form> forms_;
  std::size_t misalignment_;
  std::vector<std::vector<std::byte>> storage_, output_storage_;
};

}  // namespace plumb
