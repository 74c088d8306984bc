// Importers and exporters on every real graph in golden/, and on damaged ones.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "reference/graph/compare.h"
#include "reference/graph/graph_json.h"
#include "reference/graph/interpreter.h"
#include "reference/graph/openvino_ir.h"
#include "reference/graph/pt2.h"
#include "reference/testing/error_of.h"

namespace plumb::graph {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden";

std::vector<std::filesystem::path> files(const std::string& ending) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kGolden)) {
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::filesystem::path scratch(const std::string& name) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("plumb_graph_{}", getpid());
  std::filesystem::create_directories(folder);
  return folder / name;
}

// JSON and back is the same graph.
void expect_json_keeps(const Graph& graph) {
  for (const std::int64_t inline_bytes : {std::int64_t{1} << 20, std::int64_t{0}}) {
    write_graph_json(graph, scratch("copy.json"), {.inline_bytes = inline_bytes});
    EXPECT_EQ(difference(graph, read_graph_json(scratch("copy.json"))), "");
  }
}

TEST(Import, EveryPt2) {
  int count = 0;
  for (const auto& path : files(".pt2")) {
    const Graph graph = read_pt2(path);
    ++count;
    EXPECT_FALSE(graph.outputs.empty()) << path;
    EXPECT_TRUE(unknown_operators(graph).empty()) << path;
  }
  EXPECT_EQ(count, 222);
}

TEST(Import, EveryOpenvinoIr) {
  int count = 0;
  for (const auto& path : files(".xml")) {
    const Graph graph = read_openvino_ir(path);
    EXPECT_TRUE(unknown_operators(graph).empty()) << path;
    write_openvino_ir(graph, scratch("copy.xml"));
    EXPECT_EQ(difference(graph, read_openvino_ir(scratch("copy.xml"))), "") << path;
    ++count;
  }
  EXPECT_EQ(count, 137);
}

TEST(Import, EveryGraphJson) {
  int count = 0;
  for (const auto& path : files(".edge.json")) {
    const Graph graph = read_graph_json(path);
    EXPECT_TRUE(unknown_operators(graph).empty()) << path;
    ++count;
  }
  for (const auto& path : files(".after.json")) {
    EXPECT_TRUE(unknown_operators(read_graph_json(path)).empty()) << path;
    ++count;
  }
  EXPECT_EQ(count, 180);
}

TEST(Import, JsonKeepsGraphs) {
  for (const char* name : {"executorch/dyn_m2x3_k96_n20_g48_bias.pt2", "openvino/u4_mask_tensor.pt2",
                           "torchao/pt2e_mlp_dynamic.unwrapped.pt2"}) {
    expect_json_keeps(read_pt2(kGolden / name));
  }
  expect_json_keeps(read_openvino_ir(kGolden / "openvino/u4_group_packed_zero_point__ts.xml"));
}

TEST(Import, SharedConstantsStayOneConstant) {
  Graph graph = read_pt2(kGolden / "openvino/u4_shared_whole.pt2");
  const ConstantRef shared = constant_of(Element::f32, {2}, std::vector<double>{1, 2});
  for (const char* name : {"one", "two"}) {
    graph.outputs.push_back(graph.add(
        {.name = name, .kind = Kind::constant, .results = {shared->type}, .constant = shared, .parameter = name}));
  }
  for (const std::int64_t inline_bytes : {std::int64_t{1} << 20, std::int64_t{0}}) {
    write_graph_json(graph, scratch("shared.json"), {.inline_bytes = inline_bytes});
    const Graph back = read_graph_json(scratch("shared.json"));
    EXPECT_EQ(back.nodes[static_cast<std::size_t>(back.find("one"))].constant,
              back.nodes[static_cast<std::size_t>(back.find("two"))].constant);
  }
}

// ---- damage ----

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A file cut off anywhere is refused with one error that names it.
template <typename Read>
void expect_truncation_refused(const std::filesystem::path& original, const std::string& name, std::size_t step,
                               Read read) {
  const std::string whole = bytes_of(original);
  ASSERT_GT(whole.size(), 100U);
  for (std::size_t size = 0; size < whole.size() - 8; size += step) {
    write(scratch(name), whole.substr(0, size));
    const std::string error = error_of([&] { (void)read(scratch(name)); });
    EXPECT_NE(error.find(scratch(name).stem().string()), std::string::npos) << size << ": " << error;
  }
}

// A changed byte is refused, or makes another graph; it never crashes.
template <typename Read>
int refused_changes(const std::filesystem::path& original, const std::string& name, std::size_t step, Read read) {
  const std::string whole = bytes_of(original);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += step) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write(scratch(name), changed);
    if (!error_of([&] { (void)read(scratch(name)); }).empty()) ++refused;
  }
  return refused;
}

TEST(DamagedGraph, Pt2) {
  const auto path = kGolden / "openvino/u4_group_scale.pt2";
  expect_truncation_refused(path, "cut.pt2", 197, read_pt2);
  EXPECT_GT(refused_changes(path, "changed.pt2", 61, read_pt2), 50);
}

TEST(DamagedGraph, OpenvinoIr) {
  const auto path = kGolden / "openvino/u4_group_packed_zero_point__ts.xml";
  std::filesystem::copy_file(kGolden / "openvino/u4_group_packed_zero_point__ts.bin", scratch("cut.bin"),
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(scratch("cut.bin"), scratch("changed.bin"),
                             std::filesystem::copy_options::overwrite_existing);
  expect_truncation_refused(path, "cut.xml", 101, read_openvino_ir);
  EXPECT_GT(refused_changes(path, "changed.xml", 29, read_openvino_ir), 50);
  write(scratch("changed.xml"), bytes_of(path));
  write(scratch("changed.bin"), "short");
  EXPECT_NE(error_of([] { (void)read_openvino_ir(scratch("changed.xml")); }).find("truncated?"), std::string::npos);
}

TEST(DamagedGraph, Json) {
  const auto path = kGolden / "executorch/tied_scales_only_emb_first.edge.json";
  const auto read = [](const std::filesystem::path& file) { return read_graph_json(file); };
  expect_truncation_refused(path, "cut.json", 41, read);
  EXPECT_GT(refused_changes(path, "changed.json", 19, read), 50);
}

std::string json_error(const std::string& nodes) {
  return error_of(
      [&] { (void)parse_graph_json("{\"format\":\"plumbline-graph/1\",\"nodes\":[" + nodes + "]}", "x.json"); });
}

constexpr const char* kValue = R"("value":{"shape":[2],"dtype":"float32"})";

std::string call(const std::string& name, const std::string& reads) {
  return fmt::format(R"({{"name":"{}","op":"call_function","target":"aten::relu","args":[{{"node":"{}"}}],{}}})", name,
                     reads, kValue);
}
std::string output(const std::string& reads) {
  return fmt::format(R"({{"name":"output","op":"output","target":"output","args":[{{"list":[{{"node":"{}"}}]}}]}})",
                     reads);
}

TEST(DamagedGraph, NamesTheNode) {
  EXPECT_EQ(json_error(call("a", "b") + "," + call("b", "a") + "," + output("a")),
            "x.json: the graph has a cycle: 'a' reads 'b' reads 'a'");
  EXPECT_EQ(json_error(call("a", "nowhere") + "," + output("a")),
            "x.json: node 'a': reads 'nowhere', which no node is named");
  EXPECT_EQ(json_error(call("a", "a") + "," + call("a", "a") + "," + output("a")),
            "x.json: node 'a': two nodes have this name");
  EXPECT_EQ(json_error(call("a", "a")), "x.json: there is no node of \"op\": \"output\"");
  EXPECT_EQ(json_error(R"({"name":"p","op":"placeholder","target":"p","args":[],"kind":"PARAMETER","fqn":"p",)" +
                       std::string(kValue) + R"(,"data":{"hex":"00"}},)" + output("p")),
            "x.json: node 'p': a constant of type f32 [2]: expected 8 bytes, got 1");
}

TEST(DamagedGraph, UnknownOperatorIsNamedWhereItRuns) {
  Graph graph;
  const Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{Element::f32, {2}}}});
  graph.outputs = {
      graph.add({.name = "strange", .op = "aten::frobnicate", .arguments = {{x}}, .results = {{Element::f32, {2}}}})};
  const std::vector<Values> inputs = {values_of(Element::f32, {2})};
  EXPECT_EQ(error_of([&] { (void)run(graph, inputs, Precision::exact); }),
            "node 'strange' (aten::frobnicate): the interpreter does not know this operator");
}

}  // namespace
}  // namespace plumb::graph
