// The README's commands work as written.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "reference/sanitized.h"

namespace plumb {
namespace {

// Lines of ```sh blocks, without those that would start this test again.
std::vector<std::string> readme_commands() {
  std::vector<std::string> commands;
  std::ifstream readme(PLUMB_SOURCE_DIR "/README.md");
  bool in_block = false;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("```")) {
      in_block = line == "```sh";
    } else if (in_block && !line.starts_with("./plumb test")) {
      commands.push_back(line);
    }
  }
  return commands;
}

// A command that is meant to fail says so: "# exits 1".
int expected_exit_code(const std::string& command) {
  const std::size_t at = command.find("# exits ");
  return at == std::string::npos ? 0 : std::stoi(command.substr(at + 8));
}

TEST(Readme, CommandsWorkAsWritten) {
  if (kSanitized) GTEST_SKIP() << "the tour takes ten times as long here, and other tests go the same ways";
  const std::filesystem::path scratch =
      std::filesystem::path(testing::TempDir()) / ("plumb-tour-" + std::to_string(getpid()));
  std::filesystem::remove_all(scratch);
  const auto commands = readme_commands();
  ASSERT_GE(commands.size(), 8U);
  for (std::string command : commands) {
    const int expected = expected_exit_code(command);
    // The launcher would build what this test belongs to; what it starts is the program.
    if (command.starts_with("./plumb")) command.replace(0, 7, PLUMB_BINARY_DIR "/plumb");
    for (std::size_t at; (at = command.find("/tmp/plumb-tour")) != std::string::npos;)
      command.replace(at, 15, "$SCRATCH");
    if (command == PLUMB_BINARY_DIR "/plumb run        # judge everything built in, and write a report") {
      // Campaign.EveryBuiltInImplementationIsProved runs all of it.
      command = PLUMB_BINARY_DIR "/plumb run --op '*pack_uint4' --out $SCRATCH/default";
    }
    const std::string shell = "(cd " PLUMB_SOURCE_DIR " && SCRATCH=" + scratch.string() + " && " + command + "\n)";
    const int status = std::system((shell + " > " + scratch.string() + ".log" + " 2>&1").c_str());
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, expected) << shell;
  }
}

}  // namespace
}  // namespace plumb
