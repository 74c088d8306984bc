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

/// A plumb_call with copies of a problem's inputs and an output full of poison. Its parts may be spoilt before it is
/// passed on.
class AbiCall {
 public:
  static constexpr std::byte kPoison{0xa5};

  /// Every tensor starts `misalignment` bytes behind a 16-byte boundary.
  AbiCall(const Op& op, const Problem& problem, Stage stage, std::size_t misalignment = 0)
      : output_dtype_(dtype_of(op.outputs[0], op, problem.signature)),
        output_shape_(shape_of(op.outputs[0], problem.signature)),
        misalignment_(misalignment) {
    shapes.reserve(op.inputs.size());
    for (std::size_t i = 0; i < op.inputs.size(); ++i) add_input(op.inputs[i], problem.inputs[i], stage);
    for (const Param& param : op.params) params.push_back({param.name.c_str(), problem.signature[param.name]});
    storage_.emplace_back(misalignment_ + Tensor(output_dtype_, output_shape_).bytes().size() + 1, kPoison);
    output = {op.outputs[0].name.c_str(), storage_.back().data() + misalignment_, output_shape_.data(),
              static_cast<std::int32_t>(output_shape_.size()), static_cast<std::int32_t>(output_dtype_)};
    call = {sizeof call,
            static_cast<std::int32_t>(inputs.size()),
            inputs.data(),
            1,
            static_cast<std::int32_t>(params.size()),
            &output,
            params.data(),
            1};
  }
  AbiCall(const AbiCall&) = delete;
  AbiCall& operator=(const AbiCall&) = delete;

  [[nodiscard]] Tensor result() const {
    Tensor tensor(output_dtype_, output_shape_);
    std::copy_n(storage_.back().begin() + static_cast<std::ptrdiff_t>(misalignment_), tensor.bytes().size(),
                tensor.bytes().begin());
    return tensor;
  }
  /// No byte of the output, nor those beside it, was written.
  [[nodiscard]] bool is_untouched() const {
    return std::ranges::all_of(storage_.back(), [](std::byte byte) { return byte == kPoison; });
  }
  /// The byte after the output was not written.
  [[nodiscard]] bool end_is_untouched() const { return storage_.back().back() == kPoison; }

  std::vector<Shape> shapes;
  std::vector<plumb_tensor> inputs;
  std::vector<plumb_param> params;
  plumb_tensor output;
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

  DType output_dtype_;
  Shape output_shape_;
  std::size_t misalignment_;
  std::vector<std::vector<std::byte>> storage_;
};

}  // namespace plumb
