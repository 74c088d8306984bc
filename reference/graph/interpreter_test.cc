#include "reference/graph/interpreter.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb::graph {
namespace {

const Type kPair = {Element::f32, {2}};

Ref call(Graph& graph, const std::string& name, const std::string& op, std::vector<Argument> arguments) {
  return graph.add({.name = name, .op = op, .arguments = std::move(arguments), .results = {kPair}});
}

// x + x, seen through a view, plus one of them in place.
struct Added {
  Graph graph = {"added", {}, {}};
  Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {kPair}});
  Ref sum = call(graph, "sum", "aten::add.Tensor", {{x}, {x}});
  Ref view = call(graph, "view", "aten::view", {{sum}, {List{{std::int64_t{2}}}}});

  // What refuses to change `self` in place; empty if nothing does.
  std::string error(Ref self) {
    graph.outputs.push_back(call(graph, "changed", "aten::add_.Tensor", {{self}, {1.0}}));
    const Values input = {.element = Element::f32, .shape = {2}, .value = {3, 4}};
    try {
      EXPECT_EQ(run(graph, std::span(&input, 1), Precision::exact).back().value, (std::vector<double>{7, 9}));
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

TEST(InPlace, WhatNobodyElseReadsIsChanged) { EXPECT_EQ(Added().error(Added().view), ""); }

TEST(InPlace, WhatOthersSeeIsRefusedByName) {
  const std::string changed = "node 'changed' (aten::add_.Tensor): changes ";
  EXPECT_EQ(Added().error(Added().x), changed + "'x' in place, which is an input");
  Added view_is_read;
  view_is_read.graph.outputs = {view_is_read.view};
  EXPECT_EQ(view_is_read.error(view_is_read.view), changed + "'view' in place, which is read more than once");
  Added viewed_is_read;
  viewed_is_read.graph.outputs = {viewed_is_read.sum};
  EXPECT_EQ(viewed_is_read.error(viewed_is_read.view), changed + "'sum' in place, which is read more than once");
}

// What refuses to dequantise codes of i8 that are told to be of this type and range; empty if nothing does.
std::string dequantising_error(Element told, std::int64_t low, std::int64_t high) {
  Graph graph = {"dequantised", {}, {}};
  const Ref codes = graph.add({.name = "codes", .kind = Kind::input, .results = {{Element::i8, {2}}}});
  graph.outputs = {call(graph, "y", "torchao::dequantize_affine",
                        {{codes}, {List{{std::int64_t{2}}}}, {0.5}, {std::int64_t{1}}, {told}, {low}, {high}})};
  const Values input = {.element = Element::i8, .shape = {2}, .value = {3, -7}};
  try {
    EXPECT_EQ(run(graph, std::span(&input, 1), Precision::exact)[0].value, (std::vector<double>{1, -4}));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Dequantising, CodesOfAnotherTypeOrRangeAreRefusedAsUpstreamDoes) {
  const std::string node = "node 'y' (torchao::dequantize_affine): ";
  EXPECT_EQ(dequantising_error(Element::i8, -8, 7), "");
  EXPECT_EQ(dequantising_error(Element::i8, 0, 0), "");  // nothing is clamped
  EXPECT_EQ(dequantising_error(Element::u8, 0, 7), node + "argument 'input_dtype' is u8, the codes are i8");
  EXPECT_EQ(dequantising_error(Element::i8, -129, 7), node + "the range -129 ... 7 is not one of i8");
  EXPECT_EQ(dequantising_error(Element::i8, -8, 128), node + "the range -8 ... 128 is not one of i8");
}

}  // namespace
}  // namespace plumb::graph
