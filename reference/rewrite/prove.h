// The proof that two graphs are equivalent, and the account of every constant.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reference/graph/interpreter.h"
#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// What became of the constants: one line for each constant of the graph after.
struct ConstantLine {
  std::string name;  ///< The parameter, or the node of a literal.
  Type type;
  std::int64_t size_bytes;
  std::string
      origin;  ///< "kept", "the bytes of 'packed' as u4 [8, 2, 16]", "'w' packed two a byte, …"; empty: none found.
};

struct Account {
  std::vector<ConstantLine> lines;
  std::vector<std::string> faults;      ///< A sentence each: expanded, duplicated, of no origin, without bytes.
  std::vector<std::string> expansions;  ///< Those of the faults that say that codes or values take more bytes now.
  std::vector<std::string> notes;       ///< No fault: constants that nobody reads, though somebody did before.
};

/// Accounts for every constant of `after` byte by byte. Constants of more than 2^26 bytes are compared by identity and
/// bytes only, not tried against layouts.
[[nodiscard]] Account account_constants(const Graph& before, const Graph& after);

/// One set of inputs, with what is special about it.
struct Trial {
  std::string name;
  std::vector<Values> inputs;
};

/// Inputs for a graph: small whole numbers, a wide spread of magnitudes of both signs, halves and zeros, and a single
/// number in each row; indices reach the first and the last row of each table, a single index one after the other.
/// Dimensions that a graph leaves open are those of the weight that reads it, else 3.
[[nodiscard]] std::vector<Trial> trials_for(const Graph& graph);

struct Proof {
  Account account;
  std::vector<std::string> faults;  ///< In results and types; a sentence each.
  /// How many sets of inputs were run through both and compared: in at least one element that is not NaN in both. 0
  /// with no faults: nothing was proved.
  int trials = 0;
  std::vector<std::size_t> compared;  ///< Such elements of each output, of all trials together.
  double largest_ratio = 0;           ///< Of difference to bound, of all elements; 0 where every bit was the same.
};

/// Runs both graphs on the same inputs. Results have to be equal bit for bit, or, if `equivalence` is bounded, as near
/// as the orders of sums allow. Inputs of `after` are those of `before` by name, else by position.
/// `on_trial` is told of each before it begins.
[[nodiscard]] Proof prove(
    const Graph& before, const Graph& after, Equivalence equivalence, const std::vector<Trial>& trials,
    const std::function<void(const Trial&)>& on_trial = [](const Trial&) {});

}  // namespace plumb::graph
