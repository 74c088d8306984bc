#include "reference/graph/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "reference/error.h"

namespace plumb::graph {
namespace {

void check_given(const Node& node) {
  if (node.kind == Kind::call) return;
  if (node.results.size() != 1) {
    throw Error(fmt::format("node '{}': an input or a constant has exactly one result, not {}", node.name,
                            node.results.size()));
  }
  if (node.constant == nullptr) return;
  if (node.constant->type != node.results[0]) {
    throw Error(fmt::format("node '{}': says {}, its constant is {}", node.name, to_string(node.results[0]),
                            to_string(node.constant->type)));
  }
}

void check_parameters(const Graph& graph) {
  std::unordered_map<std::string_view, const Node*> owners;
  for (const Node& node : graph.nodes) {
    if (node.removed || node.parameter.empty()) continue;
    const auto [owner, is_new] = owners.emplace(node.parameter, &node);
    if (!is_new && owner->second->constant != node.constant) {
      throw Error(fmt::format("parameter '{}': nodes '{}' and '{}' hold different constants", node.parameter,
                              owner->second->name, node.name));
    }
  }
}

void check_ref(const Graph& graph, const std::string& reader, Ref ref) {
  const bool known = ref.node >= 0 && static_cast<std::size_t>(ref.node) < graph.nodes.size();
  if (!known || graph.at(ref).removed) {
    throw Error(fmt::format("{} reads a tensor that no node computes{}", reader,
                            known ? fmt::format(" (node '{}' was removed)", graph.at(ref).name) : ""));
  }
  if (ref.result < 0 || static_cast<std::size_t>(ref.result) >= graph.at(ref).results.size()) {
    throw Error(fmt::format("{} reads result {} of node '{}', which has {}", reader, ref.result, graph.at(ref).name,
                            graph.at(ref).results.size()));
  }
}

void check_nodes(const Graph& graph) {
  std::unordered_set<std::string_view> names;
  for (const Node& node : graph.nodes) {
    if (node.removed) continue;
    if (!names.insert(node.name).second) throw Error(fmt::format("two nodes are named '{}'", node.name));
    check_given(node);
    for_each_input(node, [&](const Ref& ref) { check_ref(graph, fmt::format("node '{}'", node.name), ref); });
  }
  for (const Ref& ref : graph.outputs) check_ref(graph, "an output of the graph", ref);
  check_parameters(graph);
}

// A cycle among the nodes that never became ready, as "a -> b -> a".
std::string cycle_text(const Graph& graph, const std::vector<int>& missing) {
  auto at = static_cast<std::size_t>(std::ranges::find_if(missing, [](int n) { return n > 0; }) - missing.begin());
  std::vector<std::size_t> way;
  std::unordered_map<std::size_t, std::size_t> seen;
  while (seen.emplace(at, way.size()).second) {
    way.push_back(at);
    std::size_t next = at;
    for_each_input(graph.nodes[at], [&](const Ref& ref) {
      if (missing[static_cast<std::size_t>(ref.node)] > 0) next = static_cast<std::size_t>(ref.node);
    });
    at = next;
  }
  std::string text;
  for (std::size_t i = seen[at]; i < way.size() && i < seen[at] + 8; ++i) {
    text += fmt::format("'{}' reads ", graph.nodes[way[i]].name);
  }
  return text + fmt::format("'{}'", graph.nodes[at].name);
}

}  // namespace

std::string to_string(const Type& type) {
  return fmt::format("{} {}", to_string(type.element), plumb::to_string(type.shape));
}

bool is_dense(const Shape& shape, std::span<const std::int64_t> strides) {
  if (strides.size() != shape.size()) {
    throw Error(fmt::format("{} strides for {} dimensions", strides.size(), shape.size()));
  }
  if (element_count(shape) == 0) return true;
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] > 1 && strides[axis] != stride) return false;
    stride *= shape[axis];
  }
  return true;
}

ConstantRef make_constant(Type type, std::vector<std::byte> bytes) {
  const std::int64_t expected = size_bytes(type.element, element_count(type.shape));
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    throw Error(
        fmt::format("a constant of type {}: expected {} bytes, got {}", to_string(type), expected, bytes.size()));
  }
  const auto owned = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return std::make_shared<const Constant>(Constant{std::move(type), *owned, owned});
}

ConstantRef retyped(const ConstantRef& constant, Type type) {
  const std::int64_t expected = size_bytes(type.element, element_count(type.shape));
  if (static_cast<std::int64_t>(constant->bytes.size()) != expected) {
    throw Error(fmt::format("{} bytes of {} cannot be {}, which has {}", constant->bytes.size(),
                            to_string(constant->type), to_string(type), expected));
  }
  Constant other = *constant;
  other.type = std::move(type);
  return std::make_shared<const Constant>(std::move(other));
}

ConstantRef constant_of(Element element, Shape shape, std::span<const double> values) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size_bytes(element, element_count(shape))));
  for (std::size_t i = 0; i < values.size(); ++i) {
    write_element(element, bytes, static_cast<std::int64_t>(i), values[i]);
  }
  return make_constant({element, std::move(shape)}, std::move(bytes));
}

Ref Graph::add(Node node) {
  nodes.push_back(std::move(node));
  return {static_cast<int>(nodes.size()) - 1, 0};
}

int Graph::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].removed && nodes[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

Readers readers_of(const Graph& graph) {
  Readers readers(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].removed) continue;
    for_each_input(graph.nodes[i],
                   [&](const Ref& ref) { readers[static_cast<std::size_t>(ref.node)].push_back(static_cast<int>(i)); });
  }
  for (const Ref& ref : graph.outputs) readers[static_cast<std::size_t>(ref.node)].push_back(-1);
  return readers;
}

std::vector<int> sorted(const Graph& graph) {
  check_nodes(graph);
  std::vector<int> missing(graph.nodes.size(), 0), order;
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  const Readers readers = readers_of(graph);
  std::size_t alive = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].removed) continue;
    ++alive;
    for_each_input(graph.nodes[i], [&](const Ref&) { ++missing[i]; });
    if (missing[i] == 0) ready.push(static_cast<int>(i));
  }
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const int reader : readers[static_cast<std::size_t>(order.back())]) {
      if (reader >= 0 && --missing[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != alive) throw Error(fmt::format("the graph has a cycle: {}", cycle_text(graph, missing)));
  return order;
}

std::int64_t remove_dead(Graph& graph) {
  std::vector<bool> needed(graph.nodes.size(), false);
  std::vector<int> pending;
  const auto need = [&](const Ref& ref) {
    if (needed[static_cast<std::size_t>(ref.node)]) return;
    needed[static_cast<std::size_t>(ref.node)] = true;
    pending.push_back(ref.node);
  };
  for (const Ref& ref : graph.outputs) need(ref);
  while (!pending.empty()) {
    const Node& node = graph.nodes[static_cast<std::size_t>(pending.back())];
    pending.pop_back();
    for_each_input(node, need);
  }
  std::int64_t count = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    if (needed[i] || node.removed || node.kind == Kind::input) continue;
    node.removed = true;
    node.constant.reset();
    ++count;
  }
  return count;
}

Graph compacted(const Graph& graph) {
  Graph result{graph.name, {}, graph.outputs};
  std::vector<int> moved(graph.nodes.size(), -1);
  const auto move = [&moved](Ref& ref) { ref.node = moved[static_cast<std::size_t>(ref.node)]; };
  for (const int old : sorted(graph)) {
    moved[static_cast<std::size_t>(old)] = static_cast<int>(result.nodes.size());
    result.nodes.push_back(graph.nodes[static_cast<std::size_t>(old)]);
    for_each_input(result.nodes.back(), move);
  }
  for (Ref& ref : result.outputs) move(ref);
  return result;
}

}  // namespace plumb::graph
