// plumb: is it right, and if not, what exactly is wrong?

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "golden/utf8.h"
#include "reference/error.h"
#include "reference/names.h"
#include "runners/campaign.h"
#include "runners/cli/commands.h"
#include "runners/version.h"

namespace {

constexpr int kBadRequest = 3, kBrokenEnvironment = 4;

std::string command_line(int argc, char** argv) {
  std::string text = "plumb";
  for (int i = 1; i < argc; ++i) text += " " + plumb::shell_quoted(argv[i]);
  return text;
}

// CLI11 would only say that a subcommand is required.
void check_subcommand(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (word.starts_with('-') || std::ranges::find(known, word) != known.end()) return;
  throw plumb::Error(fmt::format("'{}' is not a subcommand; nearest: {}", word, plumb::nearest_names(word, known)));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"plumb: correctness of low-bit weight packs, rewrites and kernels", "plumb"};
  plumb::catch_interrupts();
  plumb::cli::Context context;
  context.command = command_line(argc, argv);
  app.set_version_flag("--version", std::string("plumb ") + plumb::kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 all proved; 1 fail, crash, hang or flaky; 2 nothing proved, a vacuous case, or cut short;\n"
      "3 bad request; 4 broken environment.\n\nExamples:\n  plumb run\n  plumb check ./libmykernels.so\n  plumb "
      "golden");
  for (const auto add : plumb::cli::kCommands) add(app, context);
  if (argc == 1) {
    fmt::print(stderr, "{}", app.help());
    return kBadRequest;
  }
  try {
    check_subcommand(app, argv[1]);
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    app.exit(error, std::cerr, std::cerr);
    return kBadRequest;
  } catch (const plumb::Error& error) {
    fmt::print(stderr, "plumb: {}\n", plumb::golden::printable(error.what()));
    return kBadRequest;
  } catch (const std::exception& error) {
    fmt::print(stderr, "plumb: {}\n", plumb::golden::printable(error.what()));
    return kBrokenEnvironment;
  }
  return context.exit_code;
}
