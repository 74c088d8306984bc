// The rules of the house that a program can check: arrows between rooms, length of files, tests that are built, a
// README in each room, no random numbers but our own, and plumbline.h in C99.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace plumb {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = PLUMB_SOURCE_DIR, kBinary = PLUMB_BINARY_DIR;
constexpr std::size_t kMostLines = 400;

// Which rooms a room may include from, besides itself.
const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> allowed = {
      {"reference", {}},
      {"golden", {"reference"}},
      {"reports", {"reference"}},
      {"impls", {"reference"}},
      {"runners", {"reference", "golden", "reports", "impls"}},
      {"property_tests", {"reference", "golden", "reports", "impls", "runners"}},
  };
  return allowed;
}

// Files of all rooms with one of the extensions, relative to the source folder.
std::vector<fs::path> files_with(const std::set<std::string>& extensions) {
  std::vector<fs::path> files;
  for (const auto& [room, unused] : arrows()) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource / room)) {
      if (entry.is_regular_file() && extensions.contains(entry.path().extension().string())) {
        files.push_back(fs::relative(entry.path(), kSource));
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

const std::set<std::string> kCode = {".cc", ".h", ".c", ".comp", ".glsl"};

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(kSource / file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string room_of(const fs::path& file) { return file.begin()->string(); }

TEST(House, RoomsAreWhereTheyShouldBe) {
  for (const auto& entry : fs::directory_iterator(kSource)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with(".")) continue;
    const bool ignored = name == "build" || name == "plumb-results";  // as in .gitignore
    EXPECT_TRUE(ignored || arrows().contains(name)) << name << " is no room of house_test.cc";
  }
  for (const auto& [room, unused] : arrows()) EXPECT_TRUE(fs::exists(kSource / room / "README.md")) << room;
  EXPECT_GT(files_with({".cc"}).size(), 100U);
}

// "runners" of `#include "runners/case.h"`; empty for any other line.
std::string included_room(const std::string& line) {
  const std::size_t hash = line.find_first_not_of(" \t"), open = line.find('"'), slash = line.find('/');
  if (hash == line.npos || line[hash] != '#' || line.find("include", hash) == line.npos) return "";
  return open < slash && slash != line.npos ? line.substr(open + 1, slash - open - 1) : "";
}

TEST(House, IncludesFollowTheArrows) {
  for (const fs::path& file : files_with({".cc", ".h", ".c"})) {
    const std::string room = room_of(file);
    for (const std::string& line : lines_of(file)) {
      const std::string other = included_room(line);
      if (other == room || !arrows().contains(other)) continue;
      EXPECT_TRUE(arrows().at(room).contains(other)) << file << ": " << line;
    }
  }
  EXPECT_EQ(included_room("#include \"runners/case.h\""), "runners");
  EXPECT_EQ(included_room("#  include \"reference/quant/pack_uint4.h\"  // why"), "reference");
  EXPECT_EQ(included_room("#include <rapidcheck/gtest.h>"), "");
}

TEST(House, FilesAreShortAndNamedForAConcept) {
  const std::set<std::string> empty_names = {"utils", "util", "common", "helpers", "helper", "misc"};
  for (const fs::path& file : files_with(kCode)) {
    EXPECT_LE(lines_of(file).size(), kMostLines) << file;
    EXPECT_FALSE(empty_names.contains(file.stem().string())) << file;
  }
}

// A formatter of another language once left a script that nothing ran.
TEST(House, ScriptsAreWhatPythonReads) {
  std::string command = "python3 -c \"import sys; [compile(open(f).read(), f, 'exec') for f in sys.argv[1:]]\"";
  const std::vector<fs::path> scripts = files_with({".py"});
  EXPECT_GT(scripts.size(), 10U);
  for (const fs::path& script : scripts) command += " '" + (kSource / script).string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << "see above; without python3, install it";
}

TEST(House, EveryTestIsBuilt) {
  std::ifstream in(kBinary / "compile_commands.json");
  ASSERT_TRUE(in) << kBinary / "compile_commands.json";
  std::set<fs::path> built;
  for (const auto& command : nlohmann::json::parse(in)) built.insert(command.at("file").get<std::string>());
  for (const fs::path& file : files_with({".cc"})) {
    if (!file.stem().string().ends_with("_test")) continue;
    EXPECT_TRUE(built.contains(kSource / file)) << file << " is in no test program";
  }
}

// Their output differs between standard libraries, or from run to run. The words are split, so that this file passes.
TEST(House, RandomNumbersComeFromTheCaseName) {
  const std::vector<std::string> refused = {std::string("std::random_") + "device", std::string("_distri") + "bution<",
                                            std::string("std::ra") + "nd("};
  for (const fs::path& file : files_with(kCode)) {
    for (const std::string& line : lines_of(file)) {
      for (const std::string& word : refused) EXPECT_EQ(line.find(word), line.npos) << file << ": " << line;
    }
  }
}

TEST(House, NothingIsLeftToDoWithoutAnIssue) {
  const std::vector<std::string> marks = {std::string("TO") + "DO", std::string("FIX") + "ME", std::string("XX") + "X"};
  for (const fs::path& file : files_with(kCode)) {
    for (const std::string& line : lines_of(file)) {
      for (const std::string& mark : marks) {
        const std::size_t at = line.find(mark);
        EXPECT_TRUE(at == line.npos || line.substr(at + mark.size()).starts_with("(#")) << file << ": " << line;
      }
    }
  }
}

// The compiler that the build was configured with.
std::string c_compiler() {
  std::ifstream cache(kBinary / "CMakeCache.txt");
  const std::string key = "CMAKE_C_COMPILER:";
  for (std::string line; std::getline(cache, line);) {
    if (line.starts_with(key)) return line.substr(line.find('=') + 1);
  }
  return "cc";
}

TEST(House, TheAbiHeaderIsC99AndNeedsNothingElse) {
  const std::string flags = " -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c ";
  const auto compile = [&](const std::string& flags_and_file) {
    return std::system(("'" + c_compiler() + "'" + flags + flags_and_file).c_str());
  };
  const std::string header = "'" + (kSource / "impls" / "plumbline.h").string() + "'";
  EXPECT_EQ(compile("-include " + header + " /dev/null"), 0);
  for (const fs::path& example : fs::directory_iterator(kSource / "impls" / "external")) {
    if (example.extension() != ".c") continue;
    EXPECT_EQ(compile("-I'" + (kSource / "impls").string() + "' '" + example.string() + "'"), 0) << example;
  }
  // A header that is not C99 would be refused.
  EXPECT_NE(compile("-include " + header + " -Dplumb_status=1 /dev/null 2>/dev/null"), 0);
}

}  // namespace
}  // namespace plumb
