// For tests: a kernel of ours that does one thing wrong.
#pragma once

#include <cstdlib>
#include <vector>

#include "runners/campaign.h"

namespace plumb::accuracy {

/// linear_q4gsw of cpu.scalar under another name. Layers are counted in the order in which they are prepared.
class MisbehavingKernel {
 public:
  explicit MisbehavingKernel(const char* name)
      : real_(*select_subjects(builtin_subjects(), "linear_q4gsw", "cpu.scalar")[0].impl), abi_(real_) {
    abi_.name = name;
    abi_.user = this;
    if (real_.supports != nullptr) {
      abi_.supports = [](const plumb_impl* self, const plumb_call* call, const char** reason) {
        return of(self).real_.supports(&of(self).real_, call, reason);
      };
    }
    abi_.prepare = prepare;
    abi_.run = run;
    abi_.release = [](const plumb_impl* self, void* prepared) { of(self).real_.release(&of(self).real_, prepared); };
  }
  MisbehavingKernel(const MisbehavingKernel&) = delete;
  MisbehavingKernel& operator=(const MisbehavingKernel&) = delete;

  [[nodiscard]] Subject subject() const { return {&abi_, ""}; }

  int layers = 0;        ///< Of the model: those of another scheme are counted anew.
  int wrong_layer = -1;  ///< One scale of one group of one row is 1.5 times what it should be.
  int abort_after = -1;  ///< Calls of `run` that come back.
  int nan_after = -1;    ///< Calls of `run` that are right.

 private:
  static MisbehavingKernel& of(const plumb_impl* self) { return *static_cast<MisbehavingKernel*>(self->user); }

  static plumb_status prepare(const plumb_impl* self, const plumb_call* call, void** prepared) {
    MisbehavingKernel& kernel = of(self);
    const int layer = kernel.prepared_++ % std::max(1, kernel.layers);
    if (layer != kernel.wrong_layer) return kernel.real_.prepare(&kernel.real_, call, prepared);
    std::vector<plumb_tensor> inputs(call->inputs, call->inputs + call->input_count);
    plumb_tensor& scales = inputs[2];  // f32 [groups, rows]
    const auto* first = static_cast<const float*>(scales.data);
    std::vector<float> changed(first, first + scales.shape[0] * scales.shape[1]);
    changed[3] *= 1.5F;
    scales.data = changed.data();
    plumb_call other = *call;
    other.inputs = inputs.data();
    return kernel.real_.prepare(&kernel.real_, &other, prepared);
  }

  static plumb_status run(const plumb_impl* self, const plumb_call* call, void* prepared) {
    MisbehavingKernel& kernel = of(self);
    const int number = kernel.runs_++;
    if (kernel.abort_after >= 0 && number >= kernel.abort_after) std::abort();
    const plumb_status status = kernel.real_.run(&kernel.real_, call, prepared);
    if (kernel.nan_after >= 0 && number >= kernel.nan_after) static_cast<float*>(call->outputs[0].data)[1] = NAN;
    return status;
  }

  const plumb_impl& real_;
  plumb_impl abi_;
  int prepared_ = 0, runs_ = 0;
};

}  // namespace plumb::accuracy
