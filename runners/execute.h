// Running one implementation on one problem through the C ABI.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "impls/plumbline.h"
#include "reference/contract.h"
#include "reference/op.h"
#include "runners/guarded.h"

namespace plumb {

/// The C++ form of an implementation's contract. Throws Error naming a field that makes no sense.
[[nodiscard]] Contract contract_of(const plumb_impl& impl);

/// "bad argument", "device error", …
[[nodiscard]] std::string to_string(plumb_status status);

/// What one call of `run` did.
struct Execution {
  plumb_status status;
  std::vector<Tensor> outputs;          ///< As left behind, poison included.
  std::vector<std::string> violations;  ///< "weights was written to", "bytes outside y were written".
};

/// One implementation prepared for one problem. Inputs are copied into memory that cannot be written to; once `prepare`
/// has returned, that of the constant inputs cannot be read either, because an implementation may not keep pointers to
/// it. Touching any memory wrongly is a signal (see guarded.h). A placement's shift counts elements of each tensor.
class Execute {
 public:
  /// `outputs` describe what the caller allocates; for legal problems that is output_forms(). All tensors are placed
  /// alike.
  Execute(const plumb_impl& impl, const Op& op, const Problem& problem, std::vector<Form> outputs,
          Placement placement = kAtStart);
  /// Another problem with the same constant inputs, to be run on what `owner` prepared, which has to outlive this.
  Execute(const Execute& owner, const Problem& problem, std::vector<Form> outputs);
  ~Execute();
  Execute(const Execute&) = delete;
  Execute& operator=(const Execute&) = delete;

  /// Asks `supports`. On PLUMB_UNSUPPORTED, *reason is set.
  [[nodiscard]] plumb_status supports(std::string* reason);
  /// Calls `prepare`, if there is one. Call once, before run.
  [[nodiscard]] plumb_status prepare();
  /// Calls `run` with outputs filled with `poison`. May be called repeatedly.
  [[nodiscard]] Execution run(int threads, std::byte poison);

  /// Memory for the outputs, filled with `poison`.
  [[nodiscard]] std::vector<Guarded> make_outputs(std::byte poison) const;
  /// Calls `run` on outputs that the caller keeps, and looks at nothing afterwards: what a measurement times.
  [[nodiscard]] plumb_status run_on(std::span<Guarded> outputs, int threads);

 private:
  enum class Stage { ask, prepare, run };
  struct Frame;
  [[nodiscard]] bool passes_data(std::size_t input, Stage stage) const;
  [[nodiscard]] std::unique_ptr<Frame> make_frame(Stage stage, int threads, std::span<Guarded> outputs);
  [[nodiscard]] std::vector<std::string> violations(Stage stage, std::span<const Guarded> outputs) const;

  const plumb_impl& impl_;
  const Op& op_;
  const Problem& problem_;
  std::vector<Form> forms_;
  Placement placement_;
  std::vector<plumb_param> params_;
  std::vector<Guarded> inputs_;
  void* prepared_ = nullptr;
  bool owns_prepared_ = true;
};

}  // namespace plumb
