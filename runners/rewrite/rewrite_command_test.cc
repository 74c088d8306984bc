// plumb rewrite as a user meets it: what it writes, what it leaves alone, and how it ends.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "golden/draft.h"
#include "runners/testing/shell.h"

namespace plumb {
namespace {

class CliRewrite : public testing::Test {
 protected:
  static Ended rewrite(const std::string& arguments) { return shell(PLUMB_BINARY_DIR "/plumb rewrite " + arguments); }
  std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }

  golden::TemporaryFolder folder_;
  std::filesystem::path golden_ = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/openvino";
};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(CliRewrite, ApplyMayReplaceItsOwnInput) {
  for (const char* ending : {".xml", ".bin"}) {
    std::filesystem::copy_file(golden_ / ("u4_group_scale__ts" + std::string(ending)), in_folder("g") + ending);
  }
  const std::string own = in_folder("g.xml");
  const Ended ended = rewrite("apply mark_compressed_constants " + own + " -o " + own + " --overwrite");
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_EQ(rewrite("verify " + (golden_ / "u4_group_scale__ts.xml").string() + " " + own).exit_code, 0);
}

TEST_F(CliRewrite, ApplyDoesNotReplaceACompanionUnlessTold) {
  const std::string graph = (golden_ / "u4_group_scale.pt2").string();
  for (const auto& [output, companion] : {std::pair{"out.xml", "out.bin"}, std::pair{"out.json", "out.json.bin"}}) {
    std::ofstream(in_folder(companion)) << "somebody's";
    const Ended ended = rewrite("apply all " + graph + " -o " + in_folder(output));
    EXPECT_EQ(ended.exit_code, 3) << ended.output;
    EXPECT_NE(ended.output.find(in_folder(companion) + " exists already"), std::string::npos) << ended.output;
    EXPECT_EQ(bytes_of(in_folder(companion)), "somebody's");
    EXPECT_FALSE(std::filesystem::exists(in_folder(output)));
    EXPECT_EQ(rewrite("apply all " + graph + " --overwrite -o " + in_folder(output)).exit_code, 0);
  }
}

TEST_F(CliRewrite, ApplySaysFirstThatItCannotWrite) {
  const std::string apply = "apply all " + (golden_ / "u4_group_scale.pt2").string() + " --overwrite -o ";
  std::filesystem::create_directory(in_folder("g.json"));
  for (const auto& [output, complaint] :
       {std::pair{"g.json", "g.json: is a folder"}, std::pair{"nowhere/g.json", "g.json: there is no folder "}}) {
    const Ended ended = rewrite(apply + in_folder(output));
    EXPECT_EQ(ended.exit_code, 3) << ended.output;
    EXPECT_NE(ended.output.find(complaint), std::string::npos) << ended.output;
  }
}

// y = relu(x), whose shape the graph records wrongly.
TEST_F(CliRewrite, ApplyWritesNoGraphWhoseProofFails) {
  std::ofstream(in_folder("g.json"))
      << R"({"format":"plumbline-graph/1","nodes":[)"
         R"({"name":"x","op":"placeholder","target":"x","args":[],"kind":"USER_INPUT","value":{"shape":[2],"dtype":"float32"}},)"
         R"({"name":"y","op":"call_function","target":"aten::relu","args":[{"node":"x"}],"value":{"shape":[3],"dtype":"float32"}},)"
         R"({"name":"output","op":"output","target":"output","args":[{"list":[{"node":"y"}]}]}]})";
  const std::string apply = "apply all " + in_folder("g.json") + " -o " + in_folder("out.json");
  const Ended ended = rewrite(apply);
  EXPECT_EQ(ended.exit_code, 1) << ended.output;
  EXPECT_NE(ended.output.find("out.json is not written"), std::string::npos) << ended.output;
  EXPECT_FALSE(std::filesystem::exists(in_folder("out.json")));
  EXPECT_EQ(rewrite(apply + " --no-proof").exit_code, 2);
  EXPECT_TRUE(std::filesystem::exists(in_folder("out.json")));
}

}  // namespace
}  // namespace plumb
