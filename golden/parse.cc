#include "golden/parse.h"

#include <algorithm>
#include <array>

#include "golden/dataset.h"
#include "golden/hdf5_node.h"

namespace plumb::golden {
namespace {

constexpr const char* kFormat = "plumbline-golden/1";

/// Element types a dataset may stand for though HDF5 has no such type, and how many bits an element takes at least.
struct LogicalType {
  const char* name;
  std::int64_t bits;
};
constexpr LogicalType kLogicalTypes[] = {
    {"bool", 8}, {"bf16", 16}, {"u1", 1},  {"u2", 2},   {"u3", 3},     {"u4", 4},     {"u5", 5},     {"u6", 6},
    {"u7", 7},   {"u8", 8},    {"i1", 1},  {"i2", 2},   {"i3", 3},     {"i4", 4},     {"i5", 5},     {"i6", 6},
    {"i7", 7},   {"i8", 8},    {"nf4", 4}, {"f16", 16}, {"f4e2m1", 4}, {"f8e4m3", 8}, {"f8e5m2", 8}, {"f8e8m0", 8},
};

std::string required_text(const Node& node, const char* name) {
  const auto value = node.text(name);
  if (!value || value->empty()) node.refuse(std::string("expected attribute ") + name + ", found none");
  return *value;
}

std::map<std::string, Attribute> attributes_but(const Node& node, std::initializer_list<const char*> known) {
  std::map<std::string, Attribute> attributes;
  for (const std::string& name : node.attribute_names())
    if (std::find(known.begin(), known.end(), name) == known.end()) attributes.emplace(name, node.attribute(name));
  return attributes;
}

bool is_integer(const Array& array) { return array.dtype[0] == 'u' || array.dtype[0] == 'i' || array.dtype == "bool"; }

// The logical elements must fit the stored bytes: product(logical_shape) * bits <= 8 * bytes.
void check_logical_shape(const Node& node, const Array& array, const LogicalType& type) {
  std::int64_t bits_left = 8 * static_cast<std::int64_t>(array.bytes.size()) / type.bits;
  const auto& shape = array.logical_shape;
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; }))
    node.refuse("expected logical_shape without negative sizes");
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return;
  for (const std::int64_t size : shape) bits_left /= size;
  if (bits_left < 1)
    node.refuse("expected at least the bytes that logical_shape needs in " + array.logical_dtype + ", found " +
                std::to_string(array.bytes.size()));
}

void read_logical_type(const Node& node, Array& array) {
  const auto recorded_shape = node.integers("logical_shape");
  array.logical_shape = recorded_shape.value_or(array.shape);
  const auto name = node.text("logical_dtype");
  if (!name && recorded_shape) node.refuse("expected logical_dtype beside logical_shape, found none");
  if (!name) return;
  array.logical_dtype = *name;
  const auto* type = std::find_if(std::begin(kLogicalTypes), std::end(kLogicalTypes),
                                  [&](const LogicalType& candidate) { return *name == candidate.name; });
  if (type == std::end(kLogicalTypes)) node.refuse("expected a known logical_dtype, found " + *name);
  if (!is_integer(array)) node.refuse("expected integers under logical_dtype " + *name + ", found " + array.dtype);
  if (recorded_shape) check_logical_shape(node, array, *type);
  const char* stored = *name == "bf16" ? "u16" : *name == "bool" ? "u8" : nullptr;
  if (!stored) return;
  if (array.dtype != stored) node.refuse("expected " + *name + " stored as " + stored + ", found " + array.dtype);
  array.dtype = *name;
  if (*name == "bool" &&
      std::any_of(array.bytes.begin(), array.bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    node.refuse("expected bool as 0 or 1, found another value");
}

void read_accept(const Node& node, bool is_output, Array& array) {
  const auto recorded = node.text("accept");
  if (recorded && !is_output) node.refuse("expected accept on outputs only, found it on an input");
  if (recorded && *recorded != "bitwise" && *recorded != "bounded")
    node.refuse("expected accept bitwise or bounded, found " + *recorded);
  array.accept = recorded.value_or(is_output && is_integer(array) ? "bitwise" : "");
}

Array read_array(const Node& node, const std::string& name, bool is_output, std::int64_t& budget_bytes) {
  static constexpr std::array<const char*, 3> kKnown = {"accept", "logical_dtype", "logical_shape"};
  for (const std::string& attribute : node.attribute_names())
    if (std::find(kKnown.begin(), kKnown.end(), attribute) == kKnown.end())
      node.refuse("expected attributes accept, logical_dtype and logical_shape, found " + attribute);
  Array array = read_dataset(node, budget_bytes);
  array.name = name;
  read_logical_type(node, array);
  read_accept(node, is_output, array);
  return array;
}

std::vector<Array> read_arrays(const Node& group, bool are_outputs, std::int64_t& budget_bytes) {
  if (!group.attribute_names().empty())
    group.refuse("expected no attributes, found " + group.attribute_names().front());
  std::vector<Array> arrays;
  for (const std::string& name : group.member_names())
    arrays.push_back(read_array(group.dataset(name), name, are_outputs, budget_bytes));
  return arrays;
}

Case read_case(const Node& group, const std::string& name, std::int64_t& budget_bytes) {
  Case result;
  result.name = name;
  result.op = required_text(group, "op");
  result.attributes = attributes_but(group, {"op"});
  for (const std::string& member : group.member_names()) {
    if (member != "inputs" && member != "outputs") group.refuse("expected members inputs and outputs, found " + member);
    const bool is_output = member == "outputs";
    (is_output ? result.outputs : result.inputs) = read_arrays(group.group(member), is_output, budget_bytes);
  }
  return result;
}

}  // namespace

File parse(const std::filesystem::path& path) {
  const Node root = Node::open_file(path);
  const std::string format = required_text(root, "format");
  if (format != kFormat) root.refuse(std::string("expected format ") + kFormat + ", found " + format);
  File file;
  file.path = path;
  file.source = required_text(root, "source");
  file.generator = required_text(root, "generator");
  file.note = required_text(root, "note");
  file.attributes = attributes_but(root, {"format", "source", "generator", "note"});
  for (const std::string& member : root.member_names())
    if (member != "cases") root.refuse("expected one member, cases, found " + member);
  const Node cases = root.group("cases");
  if (!cases.attribute_names().empty())
    cases.refuse("expected no attributes, found " + cases.attribute_names().front());
  std::int64_t budget_bytes = kMaxFileBytes;
  for (const std::string& name : cases.member_names())
    file.cases.push_back(read_case(cases.group(name), name, budget_bytes));
  if (file.cases.empty()) cases.refuse("expected cases, found none");
  return file;
}

}  // namespace plumb::golden
