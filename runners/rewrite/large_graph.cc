#include "runners/rewrite/large_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "reference/error.h"
#include "reports/atomic_file.h"

namespace plumb {
namespace {

std::string value(const std::string& shape, const char* dtype) {
  return fmt::format(R"("value":{{"shape":[{}],"dtype":"{}"}})", shape, dtype);
}

std::string call(const std::string& name, const char* target, const std::string& args, const std::string& result) {
  return fmt::format(R"({{"name":"{}","op":"call_function","target":"{}","args":[{}],{}}})", name, target, args,
                     result);
}

std::string node(const std::string& name) { return fmt::format(R"({{"node":"{}"}})", name); }

// One layer: 2 parameters and 9 calls.
class Layer {
 public:
  Layer(std::ostream& out, std::int64_t i, std::int64_t n) : out_(out), name_(fmt::format("l{}", i)), n_(n) {}

  void write(const std::string& x, std::int64_t offset) {
    const std::int64_t codes = n_ * n_ / 2;
    const std::string bytes = value(fmt::format("{},1", codes), "uint8"),
                      grouped = fmt::format("{},{},32", n_, n_ / 32);
    const std::string flat = fmt::format("{},{}", n_, n_);
    parameter("codes", bytes, offset, codes);
    parameter("scales", value(fmt::format("{},{},1", n_, n_ / 32), "float16"), offset + codes, n_ * n_ / 32 * 2);
    step("low", "aten::bitwise_and.Scalar", at("codes") + ",15", bytes);
    step("high", "aten::bitwise_right_shift.Tensor_Scalar", at("codes") + ",4", bytes);
    step("stack", "aten::stack", fmt::format(R"({{"list":[{},{}]}},-1)", at("low"), at("high")),
         value(fmt::format("{},1,2", codes), "uint8"));
    step("reshaped", "aten::reshape", at("stack") + fmt::format(R"(,{{"list":[{}]}})", grouped),
         value(grouped, "uint8"));
    step("half", "aten::to.dtype", at("reshaped") + R"(,{"dtype":"float16"})", value(grouped, "float16"));
    step("scaled", "aten::mul.Tensor", at("half") + "," + at("scales"), value(grouped, "float16"));
    step("flat", "aten::reshape", at("scaled") + fmt::format(R"(,{{"list":[{}]}})", flat), value(flat, "float16"));
    step("weight", "aten::to.dtype", at("flat") + R"(,{"dtype":"float32"})", value(flat, "float32"));
    step("y", "aten::linear", node(x) + "," + at("weight"), value(fmt::format("1,{}", n_), "float32"));
  }

  [[nodiscard]] std::string result() const { return name_ + "_y"; }

 private:
  [[nodiscard]] std::string at(const char* part) const { return node(name_ + "_" + part); }
  void step(const char* part, const char* target, const std::string& args, const std::string& result) {
    out_ << ",\n" << call(name_ + "_" + part, target, args, result);
  }
  void parameter(const char* part, const std::string& type, std::int64_t offset, std::int64_t size) {
    out_ << fmt::format(
        ",\n{{\"name\":\"{0}_{1}\",\"op\":\"placeholder\",\"target\":\"{0}_{1}\",\"args\":[],\"kind\":\"PARAMETER\","
        "\"fqn\":\"{0}.{1}\",{2},"
        "\"data\":{{\"file\":\"large.bin\",\"offset\":{3},\"size\":{4}}}}}",
        name_, part, type, offset, size);
  }

  std::ostream& out_;
  std::string name_;
  std::int64_t n_;
};

}  // namespace

void make_large_graph(const std::filesystem::path& folder, std::int64_t nodes, std::int64_t bytes) {
  make_directories(folder);
  const std::int64_t layers = std::max<std::int64_t>(1, nodes / 11);
  // Square weights [n, n] of nibbles, with f16 scales of 32, that fill the file.
  const double each = static_cast<double>(bytes) / static_cast<double>(layers);
  const auto n = static_cast<std::int64_t>(std::sqrt(each / (0.5 + 2.0 / 32))) / 32 * 32;
  if (n < 32) throw Error("too few bytes for so many nodes");
  std::ofstream out(folder / "large.json", std::ios::binary);
  out << "{\"format\":\"plumbline-graph/1\",\"name\":\"large\",\"nodes\":[\n";
  out << fmt::format(R"({{"name":"x","op":"placeholder","target":"x","args":[],"kind":"USER_INPUT","fqn":null,{}}})",
                     value(fmt::format("1,{}", n), "float32"));
  std::string x = "x";
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < layers; ++i, offset += n * n / 2 + n * n / 16) {
    Layer layer(out, i, n);
    layer.write(x, offset);
    x = layer.result();
  }
  out << fmt::format(
      ",\n{{\"name\":\"output\",\"op\":\"output\",\"target\":\"output\",\"args\":[{{\"list\":[{}]}}]}}\n]}}\n",
      node(x));
  out.close();
  std::ofstream(folder / "large.bin", std::ios::binary).close();
  std::error_code error;
  std::filesystem::resize_file(folder / "large.bin", static_cast<std::uintmax_t>(std::max(offset, bytes)), error);
  if (!out || error) throw Error(fmt::format("{}: cannot be written", folder.string()));
}

}  // namespace plumb
