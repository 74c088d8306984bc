#include "runners/rewrite/judge_graphs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reference/error.h"
#include "reference/graph/compare.h"
#include "reference/rewrite/diagnose.h"
#include "reference/rewrite/int4_dispatch.h"

namespace plumb {
namespace {

constexpr std::size_t kLargest = 3000;  ///< Nodes of a graph that is rewritten again to check order and the plain way.

void take(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

graph::Equivalence equivalence_of(const graph::Rewritten& after) {
  for (const graph::Applied& applied : after.applied) {
    if (graph::rewrite_named(applied.rewrite).equivalence == graph::Equivalence::bounded)
      return graph::Equivalence::bounded;
  }
  return graph::Equivalence::bit_for_bit;
}

// Rewrites that turn codes into wider ones on purpose; that they do is then only noted.
bool may_expand(const graph::Rewritten& after) {
  return std::ranges::any_of(after.applied, [](const graph::Applied& one) {
    return one.rewrite == "promote_u2_to_u8" || one.rewrite == "fold_constants";
  });
}

void take_account(const graph::Account& account, bool may_expand, GraphVerdict& verdict) {
  for (const std::string& fault : account.faults) {
    const bool is_expansion = std::ranges::count(account.expansions, fault) > 0;
    (may_expand && is_expansion ? verdict.notes : verdict.faults).push_back(fault);
  }
  take(verdict.notes, account.notes);
}

void check_again(const graph::Graph& before, const graph::Rewritten& after,
                 const std::vector<const graph::Rewrite*>& rewrites, GraphVerdict& verdict) {
  if (before.nodes.size() > kLargest) {
    verdict.notes.push_back(
        fmt::format("{} nodes: idempotence, the plain way and order are not checked", before.nodes.size()));
    return;
  }
  const graph::Rewritten again = graph::apply(after.graph, rewrites, graph::reference_packer());
  if (!again.applied.empty())
    verdict.faults.push_back(fmt::format("is not idempotent: applied again, {} matches at '{}'",
                                         again.applied[0].rewrite, again.applied[0].node));
  const std::string plain =
      graph::difference(after.graph, graph::apply_plainly(before, rewrites, graph::reference_packer()).graph);
  if (!plain.empty()) verdict.faults.push_back("the quick and the plain way differ: " + plain);
  take(verdict.notes, graph::order_conflicts(before, rewrites, graph::reference_packer()));
}

auto trial_step(const OnStep& on_step) {
  return [&on_step](const graph::Trial& trial) { on_step(fmt::format("running both on {}", trial.name)); };
}

// Nothing can be said of a graph that cannot be run, or means two things at once.
void check_known(const graph::Graph& graph) {
  for (const auto& [op, node] : graph::unknown_operators(graph)) {
    throw Error(
        fmt::format("graph '{}', node '{}': operator {} is unknown to the interpreter, so that nothing can be proved",
                    graph.name, node, op));
  }
}

void check_consistent(const graph::Graph& graph) {
  for (const std::string& contradiction : graph::contradictory_conversions(graph))
    throw Error(fmt::format("graph '{}', {}, so that nothing can be proved", graph.name, contradiction));
}

}  // namespace

std::string GraphVerdict::summary() const {
  if (!faults.empty()) return fmt::format("not equivalent: {} fault{}", faults.size(), faults.size() == 1 ? "" : "s");
  if (vacuous) return "nothing matches, so nothing is proved";
  if (proof.trials == 0) return "nothing was compared, so nothing is proved";
  if (const auto silent = std::ranges::find(proof.compared, 0U); silent != proof.compared.end())
    return fmt::format("output {} was never compared, so nothing is proved of it", silent - proof.compared.begin());
  const std::string how = proof.largest_ratio > 0
                              ? fmt::format("within rounding (at most {:.2f} of the bound)", proof.largest_ratio)
                              : "bit for bit";
  return fmt::format("equivalent: {} sets of inputs give the same results {}; {} constants accounted for", proof.trials,
                     how, proof.account.lines.size());
}

int GraphVerdict::exit_code() const {
  if (!faults.empty()) return 1;
  const bool silent = proof.trials == 0 || std::ranges::count(proof.compared, 0U) > 0;
  return vacuous || silent ? 2 : 0;
}

std::vector<const graph::Rewrite*> rewrites_named(const std::vector<std::string>& names) {
  std::vector<const graph::Rewrite*> result;
  for (const std::string& name : names) {
    if (name != "all") (void)graph::rewrite_named(name);
  }
  for (const graph::Rewrite& rewrite : graph::all_rewrites()) {
    const bool asked = std::ranges::find(names, rewrite.name) != names.end();
    const bool all = std::ranges::find(names, "all") != names.end() && rewrite.name != "promote_u2_to_u8" &&
                     rewrite.name != "fold_constants";
    if (asked || all) result.push_back(&rewrite);
  }
  return result;
}

graph::Rewritten apply_rewrites(const graph::Graph& graph, const std::vector<const graph::Rewrite*>& rewrites,
                                const graph::Packer& packer) {
  const bool dispatches = std::ranges::any_of(
      rewrites, [](const graph::Rewrite* rewrite) { return rewrite->name == "int4_plain_int32_linear"; });
  if (dispatches) graph::check_int4_dispatch(graph);
  return graph::apply(graph, rewrites, packer);
}

GraphVerdict judge_rewrite(const graph::Graph& before, const graph::Rewritten& after,
                           const std::vector<const graph::Rewrite*>& rewrites, const OnStep& on_step) {
  check_known(before);
  check_consistent(before);
  GraphVerdict verdict;
  verdict.applied = after.applied.size();
  verdict.vacuous = after.applied.empty();
  verdict.proof =
      graph::prove(before, after.graph, equivalence_of(after), graph::trials_for(before), trial_step(on_step));
  verdict.faults = verdict.proof.faults;
  take(verdict.faults, graph::contradictory_conversions(after.graph));
  take_account(verdict.proof.account, may_expand(after), verdict);
  on_step("rewriting again, in other orders");
  check_again(before, after, rewrites, verdict);
  return verdict;
}

GraphVerdict judge_graphs(const graph::Graph& before, const graph::Graph& after, const OnStep& on_step) {
  check_known(before);
  check_consistent(before);
  check_known(after);
  GraphVerdict verdict;
  const std::vector<graph::Trial> trials = graph::trials_for(before);
  const auto prove = [&](graph::Equivalence equivalence) {
    return graph::prove(before, after, equivalence, trials, trial_step(on_step));
  };
  verdict.proof = prove(graph::Equivalence::bit_for_bit);
  if (!verdict.proof.faults.empty()) verdict.proof = prove(graph::Equivalence::bounded);
  verdict.faults = verdict.proof.faults;
  take(verdict.faults, graph::contradictory_conversions(after));
  take_account(verdict.proof.account, false, verdict);
  if (!verdict.proof.faults.empty()) on_step("looking for the cause");
  if (!verdict.proof.faults.empty()) verdict.causes = graph::causes(before, after, trials);
  return verdict;
}

Record record_of(const GraphVerdict& verdict, const std::string& op, const std::string& name,
                 const std::string& again) {
  const int code = verdict.exit_code();
  Record record(code == 1   ? Outcome::fail
                : code == 2 ? Outcome::vacuous
                            : Outcome::pass,
                code == 1   ? fmt::format("{}", fmt::join(verdict.faults, "; "))
                : code == 2 ? verdict.summary()
                            : "");
  record.op = op;
  record.impl = verdict.applied > 0 ? "plumbline" : "given";
  record.case_name = name;
  record.again = again;
  record.diagnosis = fmt::format("{}", fmt::join(verdict.causes, "; "));
  return record;
}

}  // namespace plumb
