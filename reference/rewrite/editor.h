// A graph while it is rewritten: who reads what is kept up to date, names stay unique, and parameters that get another
// layout are accounted for.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// What a stored parameter has become: one layout, named by a tag, for each name in the state dict.
class ParameterMutations {
 public:
  /// True the first time; false for the same tag again. Throws Error naming parameter and both tags if another tag was
  /// there first: a parameter changed in two ways is corrupt.
  [[nodiscard]] bool mutate(const std::string& parameter, const std::string& tag);
  [[nodiscard]] const std::map<std::string, std::string>& tags() const { return tags_; }

 private:
  std::map<std::string, std::string> tags_;
};

class Editor {
 public:
  explicit Editor(Graph& graph);

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] const Node& node(Ref ref) const { return graph_.at(ref); }
  [[nodiscard]] const Node& node(int index) const { return graph_.nodes[static_cast<std::size_t>(index)]; }
  /// The nodes that read a node, one entry a reading; -1 is an output of the graph.
  [[nodiscard]] const std::vector<int>& readers(int node) const { return readers_[static_cast<std::size_t>(node)]; }

  /// Appends a node; its name gets a number if it is taken.
  Ref add(Node node);
  /// Everybody who reads `old` reads `now` instead.
  void redirect(Ref old, Ref now);
  /// Removes a node that nobody reads, and what then nobody reads any more. Inputs stay.
  void remove_unread(int node);
  /// Marks a node, or changes the type that it records.
  void mark(int node, const std::string& mark) { at(node).marks.insert(mark); }
  void retype(int node, Element element) { at(node).results.at(0).element = element; }

  /// The constant of node `from` in the layout `tag`, made by `make` the first time that this parameter is wanted in
  /// it. The parameter itself stays for those who still read it as it was; if nobody does in the end, `settle` gives
  /// its name to the first layout.
  Ref packed(int from, const std::string& tag, const std::function<ConstantRef()>& make);
  /// Names parameters after rewriting, and enters them into the registry.
  void settle(ParameterMutations& mutations);

 private:
  Node& at(int node) { return graph_.nodes[static_cast<std::size_t>(node)]; }

  Graph& graph_;
  Readers readers_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, Ref> by_tag_;  ///< "PARAMETER as TAG".
};

}  // namespace plumb::graph
