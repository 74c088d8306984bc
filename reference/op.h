// An operator, described once: ports, sizes, parameters, constraints, and its value in double precision.
// Validation, data generation, case planning, `plumb ops` and the reports are all derived from this description.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/formula.h"
#include "reference/layout/layout.h"
#include "reference/tensor.h"

namespace plumb {

/// A constant input is known before the activations and goes through an implementation's `prepare`.
enum class Role { activation, constant };

/// What the values of an input mean, and so how data for it are made.
enum class Fill {
  bytes,             ///< Any byte.
  codes,             ///< Packed codes in the port's layout.
  integers,          ///< Unpacked codes, zero points: integers in [low, high], one an element.
  index,             ///< Row numbers in [low, high].
  activation,        ///< Floating-point activations.
  activation_scale,  ///< Scales by which activations are quantised: one, or one for each of their rows.
  code_sums,         ///< Sums of the codes of each group of the weight; its last axis may be padded, with zeros.
  weight,            ///< Floating-point weights that are to be quantised.
  scale,             ///< Group scales.
  result_scale,      ///< The scale by which results are quantised to int8.
  factor,            ///< What columns of an activation are multiplied by first.
  number,            ///< What is to be converted: any number of the element type, NaN and infinities included.
  bias,
};

/// An input or output tensor.
struct Port {
  std::string name;
  std::string meaning;
  std::string dtype;  ///< An element type, or the name of the element-type parameter that chooses it.
  std::string shape;  ///< "M..., K": formulas; `NAME...` stands for any leading dimensions of product NAME.
  Role role = Role::activation;
  Fill fill = Fill::bytes;
  std::vector<std::string> layouts = {};  ///< Fill::codes: the layout, or one for each value of `layout_param`.
  std::string layout_param = {};          ///< The flag or choice that decides the layout; empty for one.
  /// Fill::index and Fill::integers: formulas of the smallest and the largest legal value; empty = any of the type.
  std::string low = {}, high = {};
  std::string present_if = {};         ///< The flag that says whether an optional input is there; empty = always.
  std::string alternative_shape = {};  ///< Another shape of as many elements; `1...`: any ones there. Empty = none.
  /// Of an input's elements, changed by one step one at a time all over a campaign, the share that has to move an output
  /// past its bound (see runners/sensitivity.h). Lower where only some are read, or results of few bits round the others
  /// away.
  double least_shown = 0.3;
};

/// A named size, e.g. K.
struct Size {
  std::string name;
  std::string meaning;
  std::vector<std::int64_t> sweep;  ///< Values that planned cases take: around pack, vector, block and tile boundaries.
};

/// A scalar parameter.
struct Param {
  enum class Kind {
    integer,  ///< Any value that the constraints allow.
    flag,     ///< 0 or 1; written as a bare word in case names.
    dtype,    ///< One of `values`, each a DType.
    choice,   ///< One of `words`, by its position; written as the word.
  };
  std::string name;
  std::string meaning;
  Kind kind;
  std::vector<std::int64_t> values;           ///< Planned values; for dtype also the only legal ones.
  std::optional<std::int64_t> default_value;  ///< None: must be given.
  std::vector<std::string> words = {};        ///< Kind::choice: what `values` 0, 1, … are called.

  /// A value as users write it: "64", "f16", "avx2".
  [[nodiscard]] std::string text(std::int64_t value) const;
  /// Inverse of text. Throws Error naming what is expected.
  [[nodiscard]] std::int64_t parse(std::string_view text) const;
};

/// A formula that must be non-zero, and why.
struct Constraint {
  std::string formula;
  std::string why;
};

/// Which bound applies to an output (see bound.h).
enum class Arithmetic {
  prescribed,    ///< Bits are moved, or every rounding is part of the definition: bit for bit.
  rounded_once,  ///< One product, rounded to the output type.
  accumulated,   ///< A sum of `length` products.
};

/// Sizes, parameters and leading dimensions of one concrete problem.
struct Signature {
  Sizes values;                          ///< Sizes and parameters by name; all of them.
  std::map<std::string, Shape> leading;  ///< For `NAME...`: the dimensions whose product is NAME.
  [[nodiscard]] std::int64_t operator[](std::string_view name) const;
};

/// One concrete problem: the inputs and their signature.
struct Problem {
  Signature signature;
  std::vector<Tensor> inputs;  ///< In port order; absent optional ones are not present().
};

/// The oracle's answer for one output, and per element what a bound is computed from.
struct Expected {
  std::vector<double> value;  ///< NaN in an integer output: the definition leaves this element open; it is not judged.
  std::vector<double> magnitude;  ///< Sum of the absolute values of the terms, |x||w| and |b|.
  std::vector<double> peak;       ///< Largest absolute value any intermediate may take (for overflow).
  std::vector<double> underflow;  ///< Error caused if every operation is off by one absolute unit (for underflow).
  /// Arithmetic::accumulated only: max |x_k|, and max |w_k| (infinite if a scale is), which overflow in narrow types.
  std::vector<double> largest_activation = {}, largest_weight = {};
  /// Arithmetic::accumulated only: absolute values that are rounded to the output's type on the way to it, before what
  /// the definition does last. Empty: none.
  std::vector<double> rounded_before = {};
  /// For each element, what the other outcome of each rounding that could go either way adds to its value. Every one
  /// may be taken or not (see alternatives.h). Empty: no element has any.
  std::vector<std::vector<double>> steps = {};
  /// Arithmetic::prescribed only: how far an admissible outcome may lie from `value`, where the definition leaves some
  /// rounding open (the order of a sum, a function's last bits). A code that may be 3 or 4 is 3.5 with slack 0.5.
  /// Infinite: anything is admissible, and the element is not judged. Empty: nothing is left open, `value` is the only
  /// outcome.
  std::vector<double> slack = {};
};

/// What the oracle says about every output, in the operator's order.
using Answer = std::vector<Expected>;

/// Complete description of an operator.
struct Op {
  std::string name;
  std::string summary;
  std::string source;     ///< Upstream definition.
  std::string semantics;  ///< The formula, as a user would write it.
  std::vector<Size> sizes;
  std::vector<Param> params = {};
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<Constraint> constraints = {};
  Arithmetic arithmetic = Arithmetic::prescribed;
  /// Arithmetic::prescribed: what the definition does not fix to the last bit, e.g. "the order of sums", so that an
  /// element may have several admissible outcomes (Expected::slack). Empty = nothing.
  std::string left_open = {};
  std::string length = {};     ///< Arithmetic::accumulated: number of products, e.g. "K".
  std::string products = {};   ///< The same for products that integers sum up before anything is rounded; empty: none.
  int max_code_magnitude = 0;  ///< Largest |code - zero point|; 0 where there are no codes to multiply.
  std::function<Answer(const Problem&)> evaluate;

  /// nullptr if there is none of that name.
  [[nodiscard]] const Param* param(std::string_view name) const;
  [[nodiscard]] const Size* size(std::string_view name) const;
  /// Position of an input. Throws Error if there is none.
  [[nodiscard]] std::size_t input_index(std::string_view name) const;
  [[nodiscard]] bool has_constants() const;
  /// Whether an input is of that kind.
  [[nodiscard]] bool has(Fill fill) const;
};

/// Element type, shape of a tensor that a caller offers for an input.
struct Offer {
  bool present;
  DType dtype;
  Shape shape;
};

/// What a tensor offers; an absent one offers nothing.
[[nodiscard]] inline Offer offer_of(const Tensor& tensor) { return {tensor.present(), tensor.dtype(), tensor.shape()}; }

/// Finds sizes from the inputs' shapes and checks everything. `params` are those that cannot be inferred.
/// Throws Error naming port, expected and got, if the operator forbids the call.
[[nodiscard]] Signature infer_signature(const Op& op, std::span<const Offer> inputs, const Sizes& params);
/// Element type and shape of a tensor that a caller allocates.
struct Form {
  DType dtype;
  Shape shape;
};

/// What a caller allocates for the outputs.
[[nodiscard]] std::vector<Form> output_forms(const Op& op, const Signature& signature);
/// The same for a call that may be illegal: the operator's formulas as far as they can be evaluated and give a shape
/// that could be allocated, else the first input's shape; f32 where a parameter that is missing or no type chooses the
/// type.
[[nodiscard]] std::vector<Form> plausible_output_forms(const Op& op, std::span<const Offer> inputs,
                                                       const Sizes& params);
/// Signature from sizes and parameters given by name; the rest takes default values. Throws Error as infer_signature
/// does.
[[nodiscard]] Signature make_signature(const Op& op, const Sizes& given);

/// Whether sizes and parameters, all given, satisfy the operator's constraints.
[[nodiscard]] bool is_legal(const Op& op, const Sizes& given);

[[nodiscard]] bool is_present(const Port& port, const Signature& signature);
[[nodiscard]] DType dtype_of(const Port& port, const Op& op, const Signature& signature);
[[nodiscard]] Shape shape_of(const Port& port, const Signature& signature);
/// What each axis of a port's tensor is: its formula, e.g. {"M", "N"}; {"M[0]", "M[1]", "N"} if M is spread over two.
[[nodiscard]] std::vector<std::string> axis_names(const Port& port, const Signature& signature);
/// The layout of a Fill::codes port.
[[nodiscard]] const Layout& layout_of(const Port& port, const Signature& signature);
/// Rows and columns of a Fill::codes port: [N, K].
[[nodiscard]] Extent extent_of(const Signature& signature);
/// Throws Error if an element of a port with limits (`low`, `high`) lies outside them.
void check_values(const Op& op, const Problem& problem);

}  // namespace plumb
