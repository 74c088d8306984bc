#include <fmt/format.h>

#include <memory>

#include "reference/ops.h"
#include "runners/cli/commands.h"
#include "runners/explain.h"

namespace plumb::cli {

void add_ops(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("ops", "List the operators, or explain some");
  const auto names = std::make_shared<std::vector<std::string>>();
  command->add_option("NAME", *names, "Operators to explain");
  command->footer("Examples:\n  plumb ops\n  plumb ops linear_q4gsw");
  command->callback([names, &context] {
    context.exit_code = 0;
    if (names->empty()) fmt::print("{}", list_ops());
    for (const std::string& name : *names) fmt::print("{}", explain_op(op_named(name)));
  });
}

}  // namespace plumb::cli
