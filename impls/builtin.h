// How plumbline's own kernels are written: as C++ functions over validated calls, put behind the C ABI here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "impls/cpu/value_range.h"
#include "impls/plumbline.h"
#include "reference/op.h"

namespace plumb {

/// A call that has been checked against the operator's description: shapes, element types, parameters and index values
/// are legal, and the output has the right shape. Pointers are the caller's and live as long as the call.
class Call {
 public:
  /// Throws Error if the operator forbids the call. Inputs without data (constants during run, activations during
  /// prepare) are checked by shape only; and so are all of them if `later` says that somebody else looks at values.
  enum class Values { checked, later };
  Call(const Op& op, const plumb_call& call, Values values = Values::checked);

  /// Throws Error if an element of a port with limits (`low`, `high`) lies outside them.
  void check_limits() const;
  /// The limits of an input's elements; the input's port must have some.
  [[nodiscard]] cpu::Limits limits(std::size_t input) const;

  [[nodiscard]] const Op& op() const { return *op_; }
  [[nodiscard]] const Signature& signature() const { return signature_; }
  /// Value of a size or parameter.
  [[nodiscard]] std::int64_t operator[](std::string_view name) const { return signature_[name]; }
  [[nodiscard]] int threads() const { return call_->threads; }

  [[nodiscard]] DType input_dtype(std::size_t input) const { return static_cast<DType>(call_->inputs[input].dtype); }
  [[nodiscard]] std::int64_t input_count(std::size_t input) const { return counts_[input]; }
  /// Elements of an input; empty if it has no data in this call.
  template <typename T>
  [[nodiscard]] std::span<const T> input(std::size_t input) const {
    const auto* data = static_cast<const T*>(call_->inputs[input].data);
    return {data, data == nullptr ? 0 : static_cast<std::size_t>(counts_[input])};
  }
  /// A floating-point input widened to f32 (exact for f16 and bf16); empty if it has no data in this call.
  [[nodiscard]] std::vector<float> input_as_f32(std::size_t input) const;
  /// An index input as i64.
  [[nodiscard]] std::vector<std::int64_t> input_as_i64(std::size_t input) const;

  [[nodiscard]] DType output_dtype(std::size_t output = 0) const {
    return static_cast<DType>(call_->outputs[output].dtype);
  }
  [[nodiscard]] std::int64_t output_count(std::size_t output = 0) const { return output_counts_[output]; }
  template <typename T>
  [[nodiscard]] std::span<T> output(std::size_t output = 0) const {
    return {static_cast<T*>(call_->outputs[output].data), static_cast<std::size_t>(output_counts_[output])};
  }
  /// Writes f32 results to the first output, rounding to nearest even if it is narrower.
  void store_f32(std::span<const float> values) const;

 private:
  /// Whether the elements of all ports with limits lie within them; may say false where nobody fast can tell.
  [[nodiscard]] bool values_are_within_limits() const;
  [[nodiscard]] Problem problem_for_value_check() const;

  const Op* op_;
  const plumb_call* call_;
  Signature signature_;
  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> output_counts_;
};

/// A built-in kernel. Both functions report trouble by throwing: Error becomes PLUMB_BAD_ARGUMENT, std::bad_alloc
/// PLUMB_OUT_OF_MEMORY, DeviceError PLUMB_DEVICE_ERROR, anything else PLUMB_INTERNAL_ERROR.
struct Kernel {
  const char* op;
  plumb_contract contract;
  /// Packs the constant inputs; empty if the operator has none.
  std::function<std::shared_ptr<void>(const Call&)> prepare;
  /// Computes the outputs. `prepared` is what prepare returned, or nullptr.
  std::function<void(const Call&, void* prepared)> run;
  /// Why a legal call is not supported, as a static string; nullptr if it is. Tensor data is not there. May be empty.
  std::function<const char*(const Call&)> unsupported = {};
  /// Whether `run` looks at elements with limits itself, while it reads them anyway, and throws Error with the outputs
  /// as they were if one is outside.
  bool checks_limits = false;
};

/// The device, its driver or its runtime failed.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A kernel with its name, behind the C ABI. Not movable: `abi()` points into it.
class Builtin {
 public:
  /// `unavailable`: why it cannot run on this machine; empty if it can.
  Builtin(std::string name, std::string unavailable, Kernel kernel);
  Builtin(const Builtin&) = delete;
  Builtin& operator=(const Builtin&) = delete;

  [[nodiscard]] const plumb_impl* abi() const { return &abi_; }

 private:
  std::string name_;
  std::string unavailable_;
  Kernel kernel_;
  plumb_impl abi_;
};

}  // namespace plumb
