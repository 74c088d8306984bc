// What a proof must not call proved, and where constants come from.
#include "reference/rewrite/prove.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plumb::graph {
namespace {

Ref constant(Graph& graph, const std::string& name, Element element, Shape shape, const std::vector<double>& values) {
  const ConstantRef made = constant_of(element, std::move(shape), values);
  return graph.add(
      {.name = name, .kind = Kind::constant, .results = {made->type}, .constant = made, .parameter = name});
}

/// An input of this shape plus a constant.
Graph plus(const Shape& shape, double value) {
  Graph graph;
  const Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{Element::f32, shape}}});
  const Ref c = constant(graph, "c", Element::f32, {1}, {value});
  graph.outputs = {
      graph.add({.name = "y", .op = "aten::add.Tensor", .arguments = {{x}, {c}}, .results = {{Element::f32, shape}}})};
  return graph;
}

int trials_of(const Graph& graph) {
  const Proof proof = prove(graph, graph, Equivalence::bit_for_bit, trials_for(graph));
  EXPECT_TRUE(proof.faults.empty());
  return proof.trials;
}

TEST(Prove, ATrialCountsIfSomethingWasCompared) {
  EXPECT_EQ(trials_of(plus({2, 3}, 1)), 4);
  EXPECT_EQ(trials_of(plus({2, 3}, HUGE_VAL)), 4);
  EXPECT_EQ(trials_of(plus({0, 3}, 1)), 0);
  EXPECT_EQ(trials_of(plus({2, 3}, NAN)), 0);
  Graph silent = plus({2, 3}, 1);
  silent.outputs.clear();
  EXPECT_EQ(trials_of(silent), 0);
}

TEST(Prove, EachOutputIsCountedByItself) {
  Graph graph = plus({2, 3}, 1);
  graph.outputs.push_back(constant(graph, "nan", Element::f32, {2}, {NAN, NAN}));
  const Proof proof = prove(graph, graph, Equivalence::bit_for_bit, trials_for(graph));
  EXPECT_EQ(proof.trials, 4);
  EXPECT_EQ(proof.compared, (std::vector<std::size_t>{4 * 2 * 6, 0}));  // in both precisions
}

// One row of a table, picked by one index, which may be converted first.
Graph picked(const std::vector<double>& table, bool converted = false) {
  Graph graph;
  Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{converted ? Element::i32 : Element::i64, {1}}}});
  if (converted) {
    x = graph.add({.name = "wide", .op = "aten::_to_copy", .arguments = {{x}}, .results = {{Element::i64, {1}}}});
  }
  const Ref weight = constant(graph, "weight", Element::f32, {3, 2}, table);
  graph.outputs = {graph.add(
      {.name = "y", .op = "aten::embedding", .arguments = {{weight}, {x}}, .results = {{Element::f32, {1, 2}}}})};
  return graph;
}

TEST(Prove, ASingleIndexReachesTheFirstAndTheLastRow) {
  const Graph before = picked({1, 2, 3, 4, 5, 6});
  for (const std::vector<double>& wrong : {std::vector<double>{1, 7, 3, 4, 5, 6}, {1, 2, 3, 4, 7, 6}}) {
    EXPECT_FALSE(prove(before, picked(wrong), Equivalence::bit_for_bit, trials_for(before)).faults.empty());
  }
}

TEST(Prove, AnIndexThatIsConvertedFirstStaysInItsTable) { EXPECT_EQ(trials_of(picked({1, 2, 3, 4, 5, 6}, true)), 4); }

// ---- the account ----

Graph holding(Element element, Shape shape, const std::vector<double>& values) {
  Graph graph;
  graph.outputs = {constant(graph, "w", element, std::move(shape), values)};
  return graph;
}

TEST(Account, CodesOfOneByteMadeOfPackedBytesAreExpanded) {
  const Graph nibbles = holding(Element::u8, {1, 2}, {0x21, 0x43});
  const Account four = account_constants(nibbles, holding(Element::u8, {1, 4}, {1, 2, 3, 4}));
  EXPECT_EQ(four.faults, std::vector<std::string>{"'w' is expanded: 4 bytes of 'w' one nibble a byte"});
  const Account two =
      account_constants(holding(Element::u8, {1, 1}, {0xe4}), holding(Element::i8, {1, 4}, {0, 1, 2, 3}));
  EXPECT_EQ(two.faults, std::vector<std::string>{"'w' is expanded: 4 bytes of 'w' one 2-bit field a byte"});
  EXPECT_TRUE(account_constants(nibbles, nibbles).faults.empty());
}

TEST(Account, AConstantThatNobodyReadsAnyMoreIsNoted) {
  const Graph before = holding(Element::f32, {2}, {1, 2});
  Graph after = before;
  after.outputs.clear();
  EXPECT_EQ(account_constants(before, after).notes,
            std::vector<std::string>{"'w' is still there, 8 bytes, but nobody reads it any more"});
  EXPECT_TRUE(account_constants(after, after).notes.empty());
  constant(after, "w as sums", Element::i32, {1}, {3});
  const std::vector<std::string> both = account_constants(before, after).notes;
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1], "'w as sums' is new, 4 bytes, but nobody reads it");
  EXPECT_TRUE(account_constants(before, before).notes.empty());
}

}  // namespace
}  // namespace plumb::graph
