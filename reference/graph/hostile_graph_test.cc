// Files that were made to hurt: nested without end, with numbers that overflow, with ports that are not there.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reference/graph/graph_json.h"
#include "reference/graph/interpreter.h"
#include "reference/graph/openvino_ir.h"
#include "reference/graph/pt2.h"
#include "reference/testing/error_of.h"

namespace plumb::graph {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// A file that is gone at the end.
class Scratch {
 public:
  Scratch(const std::string& ending, const std::string& bytes)
      : path_(std::filesystem::temp_directory_path() / fmt::format("plumb_hostile_{}{}", getpid(), ending)) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~Scratch() { std::filesystem::remove(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A million lists, each in the next: whoever goes through them by recursion runs out of stack.
std::string nested() { return std::string(1000000, '[') + std::string(1000000, ']'); }

// ---- zip archives of entries as they are ----

std::string number(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes.push_back(i < 8 ? static_cast<char>(value >> 8 * i & 255U) : '\0');
  return bytes;
}

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1U ? 0xedb88320U : 0U);
  }
  return ~crc;
}

std::string zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string archive, directory;
  for (const auto& [name, bytes] : entries) {
    const std::string what = number(0, 6) + number(0, 4) + number(crc32(bytes), 4) + number(bytes.size(), 4) +
                             number(bytes.size(), 4) + number(name.size(), 2) + number(0, 2);
    directory += number(0x02014b50, 4) + number(0, 2) + what + number(0, 10) + number(archive.size(), 4) + name;
    archive += number(0x04034b50, 4) + what + name + bytes;
  }
  const std::string end = number(0x06054b50, 4) + number(0, 4) + number(entries.size(), 2) + number(entries.size(), 2) +
                          number(directory.size(), 4) + number(archive.size(), 4) + number(0, 2);
  return archive + directory + end;
}

// ---- .pt2 ----

constexpr const char* kMeta = R"({"dtype":7,"sizes":[{"as_int":2}]})";

/// relu(x, ARGUMENT), with more inputs than x.
std::string program(const std::string& argument, const std::string& more_inputs = "") {
  const std::string more_arguments = argument.empty() ? "" : R"(,{"name":"more","kind":1,"arg":)" + argument + "}";
  return R"({"schema_version":{"major":8},"graph_module":{"graph":{"nodes":[{"target":"torch.ops.aten.relu.default",)"
         R"("inputs":[{"name":"self","kind":1,"arg":{"as_tensor":{"name":"x"}}})" +
         more_arguments + R"(],"outputs":[{"as_tensor":{"name":"y"}}]}],"tensor_values":{"x":)" + kMeta + R"(,"y":)" +
         kMeta + R"(}},"signature":{"input_specs":[{"user_input":{"arg":{"as_tensor":{"name":"x"}}}})" + more_inputs +
         R"(],"output_specs":[{"user_output":{"arg":{"as_tensor":{"name":"y"}}}}]}}})";
}

std::string pt2_error(const std::string& model, const std::string& weights_config = R"({"config":{}})") {
  const Scratch file(".pt2", zip({{"g/models/model.json", model},
                                  {"g/data/weights/model_weights_config.json", weights_config},
                                  {"g/data/weights/w", std::string(16, '\1')}}));
  return error_of([&] { (void)read_pt2(file.path()); });
}

std::string parameter_error(const std::string& sizes, const std::string& strides, std::uint64_t storage_offset) {
  const std::string input = R"(,{"parameter":{"parameter_name":"w","arg":{"name":"p_w"}}})";
  return pt2_error(program("", input),
                   fmt::format(R"({{"config":{{"w":{{"path_name":"w","tensor_meta":{{"dtype":7,"sizes":[{}],)"
                               R"("strides":[{}],"storage_offset":{{"as_int":{}}}}}}}}}}})",
                               sizes, strides, storage_offset));
}

TEST(HostilePt2, TheProgramsOfTheseTestsAreReadWhenRight) {
  EXPECT_EQ(pt2_error(program("")), "");
  EXPECT_EQ(pt2_error(program(R"({"as_ints":[1,2]})")), "");
  EXPECT_EQ(parameter_error(R"({"as_int":2})", R"({"as_int":1})", 1), "");
}

TEST(HostilePt2, ArgumentsWithoutEndAreNamedByKind) {
  EXPECT_TRUE(has(pt2_error(program(nested())), "an argument is a JSON array")) << pt2_error(program(nested()));
  EXPECT_TRUE(has(pt2_error(program(R"({"as_tensors":)" + nested() + "}")), "node 'y' (aten::relu)"));
  const std::string input = pt2_error(program("", R"(,{"strange_input":)" + nested() + "}"));
  EXPECT_TRUE(has(input, "an input of kind 'strange_input' is not supported")) << input;
}

TEST(HostilePt2, ArgumentsOfKindsThatAreNotReadAreRefused) {
  for (const char* kind : {"as_bools", "as_strings", "as_sym_ints", "as_optional_tensors"}) {
    const std::string error = pt2_error(program(fmt::format(R"({{"{}":[true]}})", kind)));
    EXPECT_TRUE(has(error, fmt::format("an argument of kind '{}' is not supported", kind))) << error;
  }
}

TEST(HostilePt2, AnArgumentOfManyKeysIsNotOne) {
  const std::string error = pt2_error(program(R"({"as_int":1,"as_ints":[1]})"));
  EXPECT_TRUE(has(error, "an object of 2 keys")) << error;
}

TEST(HostilePt2, SizesThatOverflowAreRefused) {
  const std::string large = R"({"as_int":4294967296})";
  const std::string sizes =
      parameter_error(large + "," + large + "," + large, R"({"as_int":0},)" + large + R"(,{"as_int":1})", 0);
  EXPECT_TRUE(has(sizes, "more than 2^63 elements")) << sizes;
  const std::string offset = parameter_error(R"({"as_int":2})", R"({"as_int":1})", std::uint64_t{1} << 62);
  EXPECT_TRUE(has(offset, "parameter 'w'")) << offset;
}

// ---- graph JSON ----

TEST(HostileJson, AnArgumentWithoutEndIsNamedByItsType) {
  const std::string text = R"({"format":"plumbline-graph/1","nodes":[{"name":"y","op":"call_function",)"
                           R"("target":"aten::relu","args":[)" +
                           nested() + R"(],"value":{"shape":[2],"dtype":"float32"}}]})";
  EXPECT_EQ(error_of([&] { (void)parse_graph_json(text, "x.json"); }),
            R"(x.json: node 'y': an argument is a JSON array; a list is {"list": [...]})");
}

TEST(HostileJson, AnArgumentOfManyKeysIsNotOne) {
  const std::string text = R"({"format":"plumbline-graph/1","nodes":[{"name":"y","op":"call_function",)"
                           R"("target":"aten::relu","args":[{"node":"y","list":[]}],)"
                           R"("value":{"shape":[2],"dtype":"float32"}}]})";
  EXPECT_EQ(error_of([&] { (void)parse_graph_json(text, "x.json"); }),
            "x.json: node 'y': an argument has 2 keys, expected one");
}

// ---- OpenVINO IR ----

std::string ir_error(const std::string& ports, int read_port) {
  const Scratch file(
      ".xml",
      fmt::format(R"(<net name="n" version="11"><layers><layer id="0" name="x" type="Parameter"><output>{}</output>)"
                  R"(</layer><layer id="1" name="y" type="Result"><input><port id="0"/></input></layer></layers>)"
                  R"(<edges><edge from-layer="0" from-port="{}" to-layer="1" to-port="0"/></edges></net>)",
                  ports, read_port));
  return error_of([&] { (void)read_openvino_ir(file.path()); });
}

TEST(HostileIr, AParameterHasOnePort) {
  const std::string zero = R"(<port id="0" precision="FP32"><dim>2</dim></port>)",
                    one = R"(<port id="1" precision="FP32"><dim>2</dim></port>)";
  EXPECT_EQ(ir_error(zero, 0), "");
  EXPECT_NE(ir_error("", 0), "");
  EXPECT_TRUE(has(ir_error(zero + one, 1), "node 'x': an input or a constant has exactly one result, not 2"))
      << ir_error(zero + one, 1);
}

// Readers make none; whoever makes graphs by hand may.
TEST(HostileGraph, AnInputWithoutAResultIsRefused) {
  Graph graph;
  graph.add({.name = "x", .kind = Kind::input});
  EXPECT_EQ(error_of([&] { (void)run(graph, std::vector<Values>{values_of(Element::f32, {2})}, Precision::exact); }),
            "node 'x': an input or a constant has exactly one result, not 0");
}

// ---- element types where they do not belong ----

TEST(HostileElements, U3IsReadAndNotWritten) {
  EXPECT_EQ(error_of([] { (void)constant_of(Element::u3, {8}, std::vector<double>(8, 1)); }),
            "u3 is read from files and not written");
}

// embedding_4bit computes in its scales' type, which has to be a floating-point one that a whole-byte tensor has.
TEST(HostileElements, ScalesThatAreNoTensorsTypeAreRefused) {
  for (const Element element : {Element::boolean, Element::i16, Element::u4, Element::i32}) {
    Graph graph;
    const auto constant = [&](const char* name, Element type, Shape shape) {
      const ConstantRef made =
          constant_of(type, shape, std::vector<double>(static_cast<std::size_t>(element_count(shape)), 1));
      return graph.add({.name = name, .kind = Kind::constant, .results = {made->type}, .constant = made});
    };
    const Ref weight = constant("weight", Element::u8, {2, 4}), scales = constant("scales", element, {2}),
              indices = constant("indices", Element::i64, {3});
    graph.outputs = {graph.add({.name = "y",
                                .op = "quantized_decomposed::embedding_4bit",
                                .arguments = {{weight}, {scales}, {}, {std::int64_t{-8}}, {std::int64_t{7}}, {indices}},
                                .results = {{Element::f32, {3, 8}}}})};
    const std::string_view name = to_string(element);
    EXPECT_EQ(error_of([&] { (void)run(graph, {}, Precision::upstream); }),
              "node 'y' (quantized_decomposed::embedding_4bit): " +
                  (element == Element::i32 ? "scales of i32"
                                           : fmt::format("a tensor of {} where whole bytes are expected", name)));
  }
}

}  // namespace
}  // namespace plumb::graph
