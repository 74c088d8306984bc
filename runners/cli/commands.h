// The subcommands of `plumb`. Each adds itself to the command line and sets the exit code when chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace plumb::cli {

/// What every subcommand shares.
struct Context {
  std::string command;  ///< The command line as given, for reports.
  int exit_code = 0;
};

void add_run(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
void add_golden(CLI::App& app, Context& context);
void add_ops(CLI::App& app, Context& context);
void add_repack(CLI::App& app, Context& context);
void add_bench(CLI::App& app, Context& context);
void add_rewrite(CLI::App& app, Context& context);
void add_accuracy(CLI::App& app, Context& context);
/// Defined beside the catalogue, in property_tests/faults: the program is linked from both rooms.
void add_faults(CLI::App& app, Context& context);

/// The table: `plumb --help` lists them in this order.
inline constexpr void (*kCommands[])(CLI::App&, Context&) = {add_run,    add_check, add_golden,  add_faults,  add_ops,
                                                             add_repack, add_bench, add_rewrite, add_accuracy};

}  // namespace plumb::cli
