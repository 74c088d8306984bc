#include "reports/formats.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "reference/error.h"
#include "reports/json.h"
#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

/// An empty directory of this test alone, removed at its end.
class FormatsTest : public testing::Test {
 protected:
  FormatsTest() : dir_(fs::temp_directory_path() / ("plumb-formats-" + std::to_string(getpid()))) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~FormatsTest() override { fs::remove_all(dir_); }

  static std::string content(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  static std::string refusal(const fs::path& dir) {
    try {
      write_reports(proved_run(1), {}, dir);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  const fs::path dir_;
};

TEST_F(FormatsTest, NamesAndFilesAreDistinctAndDescribed) {
  std::set<std::string> names, files;
  for (const Format& format : all_formats()) {
    names.insert(format.name);
    files.insert(format.file_name);
    EXPECT_NE(std::string(format.description), "");
    EXPECT_EQ(std::string(format.description).find('\n'), std::string::npos);
  }
  EXPECT_EQ(names.size(), all_formats().size());
  EXPECT_EQ(files, (std::set<std::string>{"report.html", "results.csv", "results.json"}));
}

TEST_F(FormatsTest, WritesEveryFormatIntoANewDirectoryAndNothingElse) {
  const plumb::Run run = hostile_run(3);
  write_reports(run, {}, dir_ / "a" / "b");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir_ / "a" / "b")) ++files;
  EXPECT_EQ(files, all_formats().size());
  for (const Format& format : all_formats())
    EXPECT_EQ(content(dir_ / "a" / "b" / format.file_name), format.write(run, {})) << format.name;
  EXPECT_EQ(read_json(content(dir_ / "a" / "b" / "results.json")).records.size(), run.records.size());
}

TEST_F(FormatsTest, ReplacesAnOlderReport) {
  write_reports(hostile_run(50), {}, dir_);
  write_reports(proved_run(1), {}, dir_);
  EXPECT_EQ(read_json(content(dir_ / "results.json")).records.size(), 1u);
}

TEST_F(FormatsTest, AFileInTheWayOfTheDirectoryIsNamed) {
  std::ofstream(dir_ / "file") << "x";
  EXPECT_NE(refusal(dir_ / "file" / "sub").find((dir_ / "file" / "sub").string()), std::string::npos);
  EXPECT_NE(refusal(dir_ / "file").find((dir_ / "file").string()), std::string::npos);
}

TEST_F(FormatsTest, ADirectoryInTheWayOfAFileIsNamedAndNoPartIsLeft) {
  fs::create_directories(dir_ / "report.html" / "occupied");
  EXPECT_NE(refusal(dir_).find("reports: cannot write " + (dir_ / "report.html").string()), std::string::npos);
  for (const auto& entry : fs::directory_iterator(dir_))
    EXPECT_EQ(entry.path().filename().string().find(".partial."), std::string::npos) << entry.path();
}

}  // namespace
}  // namespace plumb
