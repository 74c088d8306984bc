#include "reference/rewrite/low_bit_substitute.h"

#include <algorithm>

namespace plumb::graph {
namespace {

bool converts(const Node& node) {
  return node.op == "aten::to.dtype" || node.op == "aten::_to_copy" || node.op == "ov::Convert";
}

bool moves(const Node& node) {
  return node.op == "aten::reshape" || node.op == "aten::view" || node.op == "aten::view_copy" ||
         node.op == "aten::flatten.using_ints" || node.op == "ov::Reshape";
}

constexpr int kDeepest = 16;  ///< Reshapes one after the other.

// NOLINTNEXTLINE(misc-no-recursion): kDeepest bounds it.
bool only_conversions(const Editor& editor, int node, std::vector<int>& moving, int depth = 0) {
  return depth < kDeepest && std::ranges::all_of(editor.readers(node), [&](int reader) {
           if (reader < 0) return false;
           if (converts(editor.node(reader))) return true;
           moving.push_back(reader);
           return moves(editor.node(reader)) && only_conversions(editor, reader, moving, depth + 1);
         });
}

}  // namespace

void substitute_low_bit(Editor& editor, int old, Ref constant) {
  const Type wanted = editor.node(old).results[0];
  const Element element = editor.node(constant).results[0].element;
  std::vector<int> moving;
  if (only_conversions(editor, old, moving)) {
    for (const int node : moving) editor.retype(node, element);
    editor.redirect({old, 0}, constant);
  } else {
    Node conversion{.name = editor.node(old).name + "_as_before",
                    .op = "aten::to.dtype",
                    .arguments = {{constant}, {wanted.element}},
                    .results = {wanted}};
    if (editor.node(old).op.starts_with("ov::")) {
      conversion.op = "ov::Convert";
      conversion.arguments = {{constant}};
      conversion.named = {{"destination_type", {wanted.element}}, {"version", {std::string("opset1")}}};
    }
    editor.redirect({old, 0}, editor.add(std::move(conversion)));
  }
  editor.remove_unread(old);
}

}  // namespace plumb::graph
