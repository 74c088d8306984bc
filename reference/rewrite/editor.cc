#include "reference/rewrite/editor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reference/error.h"

namespace plumb::graph {

bool ParameterMutations::mutate(const std::string& parameter, const std::string& tag) {
  const auto [entry, is_new] = tags_.emplace(parameter, tag);
  if (is_new || entry->second == tag) return is_new;
  throw Error(
      fmt::format("parameter '{}' was already changed to '{}' and is now wanted as '{}'; a parameter changed in "
                  "two ways is corrupt",
                  parameter, entry->second, tag));
}

Editor::Editor(Graph& graph) : graph_(graph), readers_(readers_of(graph)) {
  for (const Node& node : graph_.nodes) names_.insert(node.name);
}

Ref Editor::add(Node node) {
  const std::string wanted = node.name;
  for (int i = 1; !names_.insert(node.name).second; ++i) node.name = fmt::format("{}_{}", wanted, i);
  readers_.emplace_back();
  const Ref ref = graph_.add(std::move(node));
  for_each_input(graph_.at(ref),
                 [&](const Ref& input) { readers_[static_cast<std::size_t>(input.node)].push_back(ref.node); });
  return ref;
}

void Editor::redirect(Ref old, Ref now) {
  std::vector<int>& from = readers_[static_cast<std::size_t>(old.node)];
  std::vector<int>& to = readers_[static_cast<std::size_t>(now.node)];
  const auto change = [&](Ref& ref, int reader) {
    if (ref != old) return;
    ref = now;
    from.erase(std::ranges::find(from, reader));
    to.push_back(reader);
  };
  std::vector<int> unique = from;
  std::ranges::sort(unique);
  unique.erase(std::ranges::unique(unique).begin(), unique.end());
  for (const int reader : unique) {
    if (reader < 0) {
      for (Ref& output : graph_.outputs) change(output, -1);
    } else {
      for_each_input(at(reader), [&](Ref& ref) { change(ref, reader); });
    }
  }
}

void Editor::remove_unread(int first) {
  std::vector<int> pending{first};
  while (!pending.empty()) {
    const int index = pending.back();
    pending.pop_back();
    Node& node = at(index);
    if (node.removed || node.kind == Kind::input || !readers(index).empty()) continue;
    node.removed = true;
    for_each_input(node, [&](const Ref& ref) {
      std::vector<int>& others = readers_[static_cast<std::size_t>(ref.node)];
      others.erase(std::ranges::find(others, index));
      pending.push_back(ref.node);
    });
    node.constant.reset();
  }
}

Ref Editor::packed(int from, const std::string& tag, const std::function<ConstantRef()>& make) {
  const std::string owner = node(from).parameter.empty() ? node(from).name : node(from).parameter;
  const auto known = by_tag_.find({owner, tag});
  if (known != by_tag_.end() && !node(known->second).removed) return known->second;
  Node node{.name = fmt::format("{}_{}", this->node(from).name, tag), .kind = Kind::constant, .role = "PARAMETER"};
  for (char& c : node.name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  node.constant = make();
  node.results = {node.constant->type};
  node.parameter = fmt::format("{}:{}", owner, tag);
  const Ref ref = add(std::move(node));
  by_tag_[{owner, tag}] = ref;
  packed_.push_back({owner, tag, ref.node});
  return ref;
}

void Editor::settle(ParameterMutations& mutations) {
  std::unordered_set<std::string> kept;
  for (const Node& node : graph_.nodes) {
    if (!node.removed) kept.insert(node.parameter);
  }
  for (const Packed& entry : packed_) {
    if (node(entry.node).removed || entry.tag.ends_with("sums") || !kept.insert(entry.from).second) continue;
    (void)mutations.mutate(entry.from, entry.tag);
    at(entry.node).parameter = entry.from;
  }
}

}  // namespace plumb::graph
