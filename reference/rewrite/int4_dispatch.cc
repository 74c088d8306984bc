#include "reference/rewrite/int4_dispatch.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/rewrite/trace.h"

namespace plumb::graph {
namespace {

constexpr std::string_view kTensor = "torchao::Int4PlainInt32Tensor";

struct Site {
  Site(const Editor& editor, int anchor) : editor(editor), anchor(anchor) {}
  [[nodiscard]] const Node& node() const { return editor.node(anchor); }

  const Editor& editor;
  int anchor;
  std::optional<Ref> weight = {}, x = {};
};

std::string is_subclass(Site& site) {
  site.weight = traced(site.editor, site.node(), "weight");
  if (site.weight && site.editor.node(*site.weight).op == kTensor) return "";
  return fmt::format("weight {} is no Int4PlainInt32Tensor", named(site.editor, site.weight));
}

std::string has_type(Site& site) {
  site.x = traced(site.editor, site.node(), "input");
  if (!site.x) return "there is no activation";
  const Element element = site.editor.graph().type(*site.x).element;
  return element == Element::bf16 || element == Element::f16
             ? ""
             : fmt::format("activation {} is {}", named(site.editor, site.x), to_string(element));
}

std::string parts_are_parameters(Site& site) {
  const Node& tensor = site.editor.node(*site.weight);
  for (const char* name : {"qdata", "scale", "zero_point"}) {
    const std::optional<Ref> part = traced(site.editor, tensor, name);
    if (constant_at(site.editor, part) == nullptr)
      return fmt::format("{} {} is no parameter", name, named(site.editor, part));
  }
  return "";
}

void replace(Editor& editor, Site& site, const Packer&) {
  const Node& tensor = editor.node(*site.weight);
  Node fused{.name = "linear_int4_plain_int32", .op = "torchao::linear_int4_plain_int32"};
  fused.arguments = {{*site.x}};
  for (const char* name : {"qdata", "scale", "zero_point", "group_size", "act_pre_scale"})
    fused.arguments.push_back(argument_named(tensor, name));
  fused.arguments.push_back(argument_named(site.node(), "bias"));
  fused.results = site.node().results;
  const Ref result = editor.add(std::move(fused));
  editor.redirect({site.anchor, 0}, result);
  editor.remove_unread(site.anchor);
}

}  // namespace

Rewrite int4_plain_int32_linear() {
  return declare<Site>("int4_plain_int32_linear",
                       "linear with an Int4PlainInt32Tensor -> torchao::linear_int4_plain_int32", {"aten::linear"},
                       Equivalence::bounded,
                       {{"the weight is an Int4PlainInt32Tensor", is_subclass},
                        {"the activation is bf16 or f16", has_type},
                        {"qdata, scale and zero point are parameters", parts_are_parameters}},
                       replace);
}

void check_int4_dispatch(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.removed) continue;
    for_each_input(node, [&](const Ref& ref) {
      if (graph.at(ref).op != kTensor) return;
      const Ref* weight = argument_named(node, "weight").ref();
      if (node.op == "aten::linear" && weight != nullptr && *weight == ref) return;
      throw Error(
          fmt::format("node '{}': {} of the Int4PlainInt32Tensor '{}' is not dispatched; it would be dequantised",
                      node.name, node.op, graph.at(ref).name));
    });
  }
}

}  // namespace plumb::graph
