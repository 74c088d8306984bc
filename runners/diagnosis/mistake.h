// The mistakes that diagnosis tries: what an operator's oracle gives if its inputs are taken otherwise, or its sums
// made otherwise, than its description says. They are derived from that description; none is about one implementation.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/op.h"

namespace plumb {

/// One way to get an operator wrong.
struct Mistake {
  std::string sentence;  ///< What a kernel author can act on.
  /// What all of the outputs are then. May throw: no kernel computes that.
  std::function<Answer(const Op&, const Problem&)> evaluate;
};

using Mistakes = std::vector<Mistake>;

/// Packed codes that are taken to lie, or to mean, something else: what wrong_variants derives from each layout.
[[nodiscard]] Mistakes layout_mistakes(const Op& op, const Problem& problem);
/// Packed codes read with a loop or a trick that is wrong: steps of bytes, borrows across lanes.
[[nodiscard]] Mistakes reading_mistakes(const Op& op, const Problem& problem);
/// Scales, zero points and sums of codes of other groups or rows.
[[nodiscard]] Mistakes group_mistakes(const Op& op, const Problem& problem);
/// Zero points that are ignored, off by one, wrapped round, unpacked or assumed wrongly.
[[nodiscard]] Mistakes zero_point_mistakes(const Op& op, const Problem& problem);
/// Optional inputs that are dropped or used twice, rows and indices next to the right ones, other element types.
[[nodiscard]] Mistakes input_mistakes(const Op& op, const Problem& problem);
/// Columns of the reduction that are missing or counted twice, and factors rounded before they are multiplied.
[[nodiscard]] Mistakes sum_mistakes(const Op& op, const Problem& problem);
/// An activation that is quantised to int8 otherwise than prescribed, and integer sums that overflow.
[[nodiscard]] Mistakes integer_mistakes(const Op& op, const Problem& problem);
/// Right results that are transposed, doubled, or rounded once more.
[[nodiscard]] Mistakes output_mistakes(const Op& op, const Problem& problem);

/// The same problem with zero points that are packed as codes given as numbers, where the operator takes both.
[[nodiscard]] Problem with_zero_points_as_numbers(const Op& op, const Problem& problem);

/// The mistake of seeing one input as `change` makes it.
[[nodiscard]] Mistake with_input(std::string sentence, std::size_t input, std::function<Tensor(const Tensor&)> change);
/// The mistake of not seeing an optional input. `flag` says whether it is there.
[[nodiscard]] Mistake without_input(std::string sentence, std::size_t input, const std::string& flag);

/// A tensor whose element at `index` is that of `t` at `place(index)`.
[[nodiscard]] Tensor gathered(const Tensor& t,
                              const std::function<std::vector<std::int64_t>(const std::vector<std::int64_t>&)>& place);
/// A tensor whose every element is `change` of that of `t`.
[[nodiscard]] Tensor changed(const Tensor& t, const std::function<double(double)>& change);

/// Whether a port holds zero points; its meaning says so.
[[nodiscard]] inline bool holds_zero_points(const Port& port) { return port.meaning.starts_with("zero point"); }
/// The axis of a port's tensor that counts groups of the reduction; -1 if there is none.
[[nodiscard]] int group_axis(const Port& port, const Signature& signature);
/// Bits of a code of the weight; 0 if the operator has none.
[[nodiscard]] int code_bits(const Op& op, const Signature& signature);

}  // namespace plumb
