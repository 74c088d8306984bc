// Rewrites of constants on graphs made at random around their patterns: they fire exactly when they should, and never
// change a result.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "property_tests/expect_fired.h"
#include "property_tests/graph_sketch.h"

namespace plumb::graph {
namespace {

constexpr const char* kMark = "decompression";

/// A weight as graphs store it: codes that are converted and reshaped, or only one of these, and other readers.
struct Stored {
  Element element;
  bool is_input;          ///< Not a constant at all.
  bool converts, marked;  ///< The weight's conversion.
  bool converts_again;    ///< Another reader converts, too.
  bool reshapes;          ///< What is converted, or the codes themselves.
  bool reads_conversion;  ///< The conversion is read beside the reshape.
  bool reads_codes;       ///< The codes are an output.
  const char *conversion, *view;

  [[nodiscard]] bool is_low() const { return is_low_bit(element) && !is_input; }
  [[nodiscard]] int marks() const { return is_low() ? (converts && !marked ? 1 : 0) + (converts_again ? 1 : 0) : 0; }
  [[nodiscard]] int promotions() const {
    const bool only_conversions = !reads_codes && (converts || !reshapes);
    return element == Element::u2 && !is_input && only_conversions ? 1 : 0;
  }
  [[nodiscard]] int reshapes_folded() const {
    const bool shared = converts_again || reads_codes || (converts && reads_conversion);
    return reshapes && is_low() && !shared ? 1 : 0;
  }
  [[nodiscard]] int calls_folded() const {
    if (is_input) return 0;
    const bool keeps = converts && marked;
    return (converts && !keeps ? 1 : 0) + (converts_again ? 1 : 0) + (reshapes && !keeps ? 1 : 0);
  }
  /// Folding makes floats of codes.
  [[nodiscard]] bool expands() const { return !is_input && ((converts && !marked) || converts_again); }
};

Graph graph_of(const Stored& stored) {
  Sketch sketch;
  const Shape shape = {4, 6};
  std::vector<double> codes;
  for (int i = 0; i < 24; ++i) codes.push_back((i * 5 + 1) % 2);
  const Ref c =
      stored.is_input ? sketch.input("c", stored.element, shape) : sketch.parameter("c", stored.element, shape, codes);
  Ref result = c;
  Element element = stored.element;
  if (stored.converts) {
    element = Element::f32;
    const bool says_type = std::string(stored.conversion) == "aten::to.dtype";
    result = says_type ? sketch.call(stored.conversion, {{c}, {element}}, element, shape)
                       : sketch.call(stored.conversion, {{c}}, element, shape);
    if (!says_type) {
      const bool of_openvino = std::string(stored.conversion) == "ov::Convert";
      sketch.graph.at(result).named[of_openvino ? "destination_type" : "dtype"] = {element};
    }
    if (stored.marked) sketch.graph.at(result).marks.insert(kMark);
    if (stored.reads_conversion && stored.reshapes) sketch.graph.outputs.push_back(result);
  }
  if (stored.reshapes) result = sketch.call(stored.view, {{result}, Sketch::list({3, 8})}, element, {3, 8});
  if (result != c) sketch.graph.outputs.push_back(result);
  if (stored.converts_again)
    sketch.graph.outputs.push_back(sketch.call("aten::to.dtype", {{c}, {Element::f16}}, Element::f16, shape));
  if (stored.reads_codes) sketch.graph.outputs.push_back(c);
  return sketch.graph;
}

Stored any_stored() {
  const auto often = [] { return *rc::gen::inRange(0, 3) != 0; };
  const auto rarely = [] { return *rc::gen::inRange(0, 5) == 0; };
  Stored stored{};
  stored.element = *rc::gen::element(Element::u2, Element::u2, Element::u4, Element::i4, Element::u8, Element::i8);
  stored.is_input = rarely();
  if (stored.is_input) stored.element = Element::u8;
  stored.converts = often();
  stored.marked = *rc::gen::arbitrary<bool>();
  stored.converts_again = rarely();
  stored.reshapes = often();
  stored.reads_conversion = rarely();
  stored.reads_codes = rarely();
  if (!stored.converts && !stored.reshapes && !stored.reads_codes) stored.converts_again = true;
  stored.conversion = *rc::gen::element("aten::to.dtype", "aten::_to_copy", "ov::Convert");
  stored.view = *rc::gen::element("aten::reshape", "aten::view", "aten::view_copy");
  return stored;
}

/// One rewrite, which must not expand codes unnoticed either.
void expect_fired(const Stored& stored, const char* name, int times, bool expands = false) {
  const GraphVerdict verdict = expect_fired(graph_of(stored), name, static_cast<std::size_t>(times));
  const bool noted = std::ranges::any_of(
      verdict.notes, [](const std::string& note) { return note.find("is expanded") != std::string::npos; });
  RC_ASSERT(noted == expands);
}

RC_GTEST_PROP(ConstantRewriteProperty, ConversionsOfFewBitsAreMarked, ()) {
  const Stored stored = any_stored();
  expect_fired(stored, "mark_compressed_constants", stored.marks());
}

RC_GTEST_PROP(ConstantRewriteProperty, TwoBitsAreWidenedIfOnlyConversionsReadThem, ()) {
  const Stored stored = any_stored();
  expect_fired(stored, "promote_u2_to_u8", stored.promotions(), stored.promotions() > 0);
}

RC_GTEST_PROP(ConstantRewriteProperty, ReshapesFoldIfNobodyElseReads, ()) {
  const Stored stored = any_stored();
  expect_fired(stored, "convert_reshape_fold", stored.reshapes_folded());
}

// What is marked stays as it is.
RC_GTEST_PROP(ConstantRewriteProperty, CallsOnConstantsFoldUnlessMarked, ()) {
  const Stored stored = any_stored();
  expect_fired(stored, "fold_constants", stored.calls_folded(), stored.expands());
}

}  // namespace
}  // namespace plumb::graph
