// Quantisation of one number of an activation to eight bits, and where it could round either way.
#pragma once

namespace plumb {

/// An int8 code and the other one that is right too; the same if there is none.
struct QuantisedCode {
  double value;
  double other;
  /// Whether scale and number let a code be computed in f32: false for NaN, and for scales that are not normal or whose
  /// reciprocal is not.
  bool defined;
};

/// clamp(rne(x * (1/scale)) + zero_point, -128, 127), reciprocal and product rounded to f32, as
/// quantized_decomposed.quantize_per_tensor does. `other` is the code on the other side of a half, if the exact
/// quotient lies no farther from it than two roundings to f32 can move it (Higham, lemma 3.1): a kernel that divides,
/// or whose rounding takes ties another way, gives that.
[[nodiscard]] QuantisedCode quantised_code(double x, double scale, double zero_point);

}  // namespace plumb
