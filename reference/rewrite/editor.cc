#include "reference/rewrite/editor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reference/error.h"

namespace plumb::graph {
namespace {

const std::string kAs = " as ";  ///< Between a parameter's name and the layout that it has been packed in.

}  // namespace

bool ParameterMutations::mutate(const std::string& parameter, const std::string& tag) {
  const auto [entry, is_new] = tags_.emplace(parameter, tag);
  if (is_new || entry->second == tag) return is_new;
  throw Error(
      fmt::format("parameter '{}' was already changed to '{}' and is now wanted as '{}'; a parameter changed in "
                  "two ways is corrupt",
                  parameter, entry->second, tag));
}

Editor::Editor(Graph& graph) : graph_(graph), readers_(readers_of(graph)) {
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    names_.insert(node.name);
    if (node.parameter.find(kAs) != std::string::npos) by_tag_[node.parameter] = {static_cast<int>(i), 0};
  }
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
  const std::string& own = node(from).parameter.empty() ? node(from).name : node(from).parameter;
  const std::string owner = own.substr(0, own.find(kAs));
  const auto known = by_tag_.find(owner + kAs + tag);
  if (known != by_tag_.end() && !node(known->second).removed) return known->second;
  Node made{.name = fmt::format("{}_{}", node(from).name, tag), .kind = Kind::constant, .role = "PARAMETER"};
  for (char& c : made.name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  made.constant = make();
  made.results = {made.constant->type};
  made.parameter = owner + kAs + tag;
  const Ref ref = add(std::move(made));
  by_tag_[graph_.at(ref).parameter] = ref;
  return ref;
}

void Editor::settle(ParameterMutations& mutations) {
  std::unordered_set<std::string> kept;
  for (const Node& node : graph_.nodes) {
    if (!node.removed) kept.insert(node.parameter);
  }
  for (Node& node : graph_.nodes) {
    const std::size_t at = node.removed ? std::string::npos : node.parameter.find(kAs);
    if (at == std::string::npos) continue;
    const std::string owner = node.parameter.substr(0, at), tag = node.parameter.substr(at + kAs.size());
    if (tag == "sums" || !kept.insert(owner).second) continue;
    (void)mutations.mutate(owner, tag);
    node.parameter = owner;
  }
}

}  // namespace plumb::graph
