// Graphs written where files lie already: what was there survives a failure, and what is mapped stays readable.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reference/error.h"
#include "reference/graph/compare.h"
#include "reference/graph/graph_json.h"
#include "reference/graph/openvino_ir.h"

namespace plumb::graph {
namespace {

class Export : public testing::Test {
 protected:
  Export() { std::filesystem::create_directories(folder_); }
  ~Export() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / fmt::format("plumb_export_{}", getpid());
  std::filesystem::path golden_ =
      std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/openvino/u4_group_packed_zero_point__ts.xml";
};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST_F(Export, AnIrMayReplaceTheFilesThatItsConstantsLieIn) {
  std::filesystem::path bin = golden_;
  std::filesystem::copy_file(golden_, folder_ / "g.xml");
  std::filesystem::copy_file(bin.replace_extension(".bin"), folder_ / "g.bin");
  const Graph original = read_openvino_ir(golden_), mapped = read_openvino_ir(folder_ / "g.xml");
  write_openvino_ir(mapped, folder_ / "g.xml");
  EXPECT_EQ(difference(original, mapped), "");
  EXPECT_EQ(difference(original, read_openvino_ir(folder_ / "g.xml")), "");
  EXPECT_EQ(files_in(folder_), 2U);
}

TEST_F(Export, GraphJsonMayReplaceTheFilesThatItsConstantsLieIn) {
  const Graph original = read_openvino_ir(golden_);
  write_graph_json(original, folder_ / "g.json", {.inline_bytes = 0});
  const Graph mapped = read_graph_json(folder_ / "g.json");
  write_graph_json(mapped, folder_ / "g.json", {.inline_bytes = 0});
  EXPECT_EQ(difference(original, mapped), "");
  EXPECT_EQ(difference(original, read_graph_json(folder_ / "g.json")), "");
  EXPECT_EQ(files_in(folder_), 2U);
}

// Constants that stay in the file would be lost with it.
TEST_F(Export, AFileThatConstantsAreLinkedToIsNotReplaced) {
  write_graph_json(read_openvino_ir(golden_), folder_ / "g.json", {.inline_bytes = 0});
  Graph changed = read_graph_json(folder_ / "g.json");
  const ConstantRef more = constant_of(Element::f32, {2}, std::vector<double>{1, 2});
  changed.outputs.push_back(
      changed.add({.name = "more", .kind = Kind::constant, .results = {more->type}, .constant = more}));
  const JsonOptions options{.inline_bytes = 0, .link_mapped = true};
  EXPECT_THROW(write_graph_json(changed, folder_ / "g.json", options), Error);
  EXPECT_EQ(difference(read_openvino_ir(golden_), read_graph_json(folder_ / "g.json")), "");
  write_graph_json(changed, folder_ / "other.json", options);
  EXPECT_EQ(difference(changed, read_graph_json(folder_ / "other.json")), "");
}

TEST_F(Export, WhatCannotBeWrittenLeavesWhatWasThere) {
  Graph graph;
  const Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{Element::f32, {2}}}});
  graph.outputs = {graph.add({.name = "y", .op = "aten::relu", .arguments = {{x}}, .results = {{Element::f32, {2}}}})};
  for (const char* name : {"g.xml", "g.bin"}) std::ofstream(folder_ / name) << "what was there";
  EXPECT_THROW(write_openvino_ir(graph, folder_ / "g.xml"), Error);
  for (const char* name : {"g.xml", "g.bin"}) EXPECT_EQ(bytes_of(folder_ / name), "what was there") << name;
  EXPECT_EQ(files_in(folder_), 2U);
  EXPECT_THROW(write_graph_json(graph, folder_ / "nowhere" / "g.json"), Error);
}

TEST_F(Export, AFolderInThePlaceOfTheGraphCostsNoOtherFile) {
  std::filesystem::create_directory(folder_ / "g.json");
  std::ofstream(folder_ / "g.json.bin") << "what was there";
  EXPECT_THROW(write_graph_json(read_openvino_ir(golden_), folder_ / "g.json", {.inline_bytes = 0}), Error);
  EXPECT_EQ(bytes_of(folder_ / "g.json.bin"), "what was there");
  EXPECT_EQ(files_in(folder_), 2U);
}

}  // namespace
}  // namespace plumb::graph
