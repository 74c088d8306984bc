#include "reference/rewrite/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "reference/error.h"
#include "reference/graph/compare.h"

namespace plumb::graph {
namespace {

bool is_anchor(const Rewrite& rewrite, const Node& node) {
  const std::string_view op = node.kind == Kind::call       ? std::string_view(node.op)
                              : node.kind == Kind::constant ? "constant"
                                                            : "";
  return !node.removed && !node.results.empty() && std::ranges::any_of(rewrite.anchors, [&](std::string_view anchor) {
    return anchor == op || (anchor == "*" && node.kind == Kind::call);
  });
}

// Names the node in what goes wrong while a site is replaced.
bool replaced(const Rewrite& rewrite, Editor& editor, int node, const Packer& packer, std::vector<Applied>& applied) {
  const std::string name = editor.node(node).name;
  try {
    if (rewrite.at(editor, node, &packer)) return false;
  } catch (const Error& error) {
    throw Error(fmt::format("{} at node '{}': {}", rewrite.name, name, error.what()));
  }
  applied.push_back({rewrite.name, name});
  return true;
}

// The first site in running order; false if there is none.
bool replace_first(Graph& graph, const Rewrite& rewrite, const Packer& packer, std::vector<Applied>& applied) {
  Editor editor(graph);
  for (const int node : sorted(graph)) {
    if (is_anchor(rewrite, editor.node(node)) && replaced(rewrite, editor, node, packer, applied)) return true;
  }
  return false;
}

std::vector<int> anchors_of(const Graph& graph, const Rewrite& rewrite) {
  std::vector<int> anchors;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (is_anchor(rewrite, graph.nodes[i])) anchors.push_back(static_cast<int>(i));
  }
  return anchors;
}

// One pass over the anchors, and those that it adds.
void pass(Editor& editor, const Rewrite& rewrite, const Packer& packer, std::vector<Applied>& applied) {
  std::vector<int> anchors = anchors_of(editor.graph(), rewrite);
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    if (editor.node(anchors[i]).removed) continue;
    const std::size_t size = editor.graph().nodes.size();
    if (!replaced(rewrite, editor, anchors[i], packer, applied)) continue;
    for (std::size_t added = size; added < editor.graph().nodes.size(); ++added) {
      if (is_anchor(rewrite, editor.graph().nodes[added])) anchors.push_back(static_cast<int>(added));
    }
  }
}

}  // namespace

Rewritten apply_plainly(const Graph& graph, std::span<const Rewrite* const> rewrites, const Packer& packer) {
  Rewritten result{compacted(graph), {}, {}};
  std::size_t before = 0;
  do {
    before = result.applied.size();
    for (const Rewrite* rewrite : rewrites) {
      while (replace_first(result.graph, *rewrite, packer, result.applied)) result.graph = compacted(result.graph);
    }
  } while (result.applied.size() != before);
  ParameterMutations mutations;
  Editor(result.graph).settle(mutations);
  result.mutations = mutations.tags();
  return result;
}

Rewritten apply(Graph graph, std::span<const Rewrite* const> rewrites, const Packer& packer) {
  Rewritten result{compacted(graph), {}, {}};
  Editor editor(result.graph);
  // One rewrite may make a site of another that comes before it; a round that changes nothing ends it.
  std::size_t before = 0;
  do {
    before = result.applied.size();
    for (const Rewrite* rewrite : rewrites) pass(editor, *rewrite, packer, result.applied);
  } while (result.applied.size() != before);
  ParameterMutations mutations;
  editor.settle(mutations);
  result.graph = compacted(result.graph);
  result.mutations = mutations.tags();
  return result;
}

std::vector<SiteReport> explain(const Graph& graph, const Rewrite& rewrite) {
  Graph copy = graph;
  Editor editor(copy);
  std::vector<SiteReport> sites;
  for (const int i : sorted(copy)) {
    const Node& node = editor.node(i);
    if (!is_anchor(rewrite, node)) continue;
    const std::optional<Miss> miss = rewrite.at(editor, i, nullptr);
    sites.push_back({node.name, !miss, miss ? rewrite.conditions[miss->condition] : std::string_view(),
                     miss ? miss->found : std::string()});
  }
  return sites;
}

namespace {

using RewriteList = std::vector<const Rewrite*>;

// Those that find a site alone, or after others in one order or the other.
RewriteList firing(const Graph& graph, std::span<const Rewrite* const> rewrites, const Packer& packer) {
  std::vector<RewriteList> tries = {{rewrites.begin(), rewrites.end()}, {rewrites.rbegin(), rewrites.rend()}};
  for (const Rewrite* rewrite : rewrites) tries.push_back({rewrite});
  std::set<std::string_view> names;
  for (const RewriteList& list : tries) {
    for (const Applied& applied : apply(graph, list, packer).applied) names.insert(applied.rewrite);
  }
  RewriteList found;
  std::ranges::copy_if(rewrites, std::back_inserter(found), [&](const Rewrite* r) { return names.contains(r->name); });
  return found;
}

// How the graph differs when the last two of a list change places; empty if it does not.
std::string swapped_difference(const Graph& graph, RewriteList list, const Packer& packer) {
  const Rewritten first = apply(graph, list, packer);
  std::iter_swap(list.end() - 2, list.end() - 1);
  return difference(first.graph, apply(graph, list, packer).graph);
}

}  // namespace

std::vector<std::string> order_conflicts(const Graph& graph, std::span<const Rewrite* const> rewrites,
                                         const Packer& packer) {
  if (rewrites.size() < 2) return {};
  const RewriteList all = firing(graph, rewrites, packer);
  std::vector<std::string> conflicts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      RewriteList others = all;
      std::erase_if(others, [&](const Rewrite* one) { return one == all[i] || one == all[j]; });
      others.insert(others.end(), {all[i], all[j]});
      std::string how = swapped_difference(graph, {all[i], all[j]}, packer);
      if (how.empty()) how = swapped_difference(graph, others, packer);
      if (how.empty()) continue;
      conflicts.push_back(
          fmt::format("{} before {} gives another graph than after it: {}", all[i]->name, all[j]->name, how));
    }
  }
  return conflicts;
}

}  // namespace plumb::graph
