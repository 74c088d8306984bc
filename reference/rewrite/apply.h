// Applying rewrites to a graph, and saying why they do or do not match.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// A place that a rewrite changed: its name, and the node that was replaced.
struct Applied {
  std::string_view rewrite;
  std::string node;
};

struct Rewritten {
  Graph graph;  ///< Compacted.
  std::vector<Applied> applied;
  std::map<std::string, std::string> mutations;  ///< What parameters that kept their name became.
};

/// The plain way, which is the reference: look at every node in running order; after each replacement, start again from
/// scratch. Takes time in the square of the graph's size.
[[nodiscard]] Rewritten apply_plainly(const Graph& graph, std::span<const Rewrite* const> rewrites,
                                      const Packer& packer);
/// The quick way, with the same result: one pass over an index of operators for each rewrite, who reads what kept up to
/// date. Constants that no rewrite touches are not copied.
[[nodiscard]] Rewritten apply(Graph graph, std::span<const Rewrite* const> rewrites, const Packer& packer);

/// One candidate site of a rewrite.
struct SiteReport {
  std::string node;
  bool matches;
  std::string_view condition;  ///< The first that does not hold; empty if it matches.
  std::string found;
};

/// Every site in running order.
[[nodiscard]] std::vector<SiteReport> explain(const Graph& graph, const Rewrite& rewrite);

/// Pairs of rewrites whose order changes the result on this graph, as sentences. Tries both orders of each pair that
/// fires, alone and after the others, so it is meant for graphs of some thousand nodes.
[[nodiscard]] std::vector<std::string> order_conflicts(const Graph& graph, std::span<const Rewrite* const> rewrites,
                                                       const Packer& packer);

}  // namespace plumb::graph
