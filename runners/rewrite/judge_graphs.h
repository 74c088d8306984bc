// Judging pairs of graphs: our own rewrites with everything they promise, and others' with a diagnosis.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reference/rewrite/apply.h"
#include "reference/rewrite/prove.h"
#include "reports/record.h"

namespace plumb {

struct GraphVerdict {
  graph::Proof proof;
  std::vector<std::string> faults;  ///< All of them, a sentence each; empty: equivalent.
  std::vector<std::string> notes;   ///< What is worth knowing and no fault.
  std::vector<std::string> causes;  ///< Mistakes that explain wrong results (see diagnose.h).
  std::size_t applied = 0;          ///< Sites rewritten; 0 for others' graphs.
  bool vacuous = false;             ///< Nothing was rewritten, so that nothing is proved.

  [[nodiscard]] std::string summary() const;
  /// 0 proved, 1 a fault, 2 nothing proved.
  [[nodiscard]] int exit_code() const;
};

/// Told what begins, as it may take minutes: "running both on small whole numbers".
using OnStep = std::function<void(const std::string&)>;

/// Rewrites by name, in the table's order whatever theirs; "all" is every one but promote_u2_to_u8 and fold_constants,
/// which have to be asked for. Throws Error for an unknown name.
[[nodiscard]] std::vector<const graph::Rewrite*> rewrites_named(const std::vector<std::string>& names);

/// Applies rewrites by the quick way, constants packed by `packer`. Throws Error for what cannot be rewritten rightly
/// (see check_int4_dispatch).
[[nodiscard]] graph::Rewritten apply_rewrites(const graph::Graph& graph,
                                              const std::vector<const graph::Rewrite*>& rewrites,
                                              const graph::Packer& packer = graph::reference_packer());

/// Equivalence, constants, idempotence, agreement with the plain way, and conflicts of order. Throws Error naming the
/// node of an operator that the interpreter does not know, or of a conversion before that is told another element type
/// than is recorded for its result; after, that is a fault.
[[nodiscard]] GraphVerdict judge_rewrite(
    const graph::Graph& before, const graph::Rewritten& after, const std::vector<const graph::Rewrite*>& rewrites,
    const OnStep& on_step = [](const std::string&) {});

/// Two graphs of someone else: results bit for bit, else within rounding, types, constants; and a cause for what is
/// wrong. Throws Error as judge_rewrite does.
[[nodiscard]] GraphVerdict judge_graphs(
    const graph::Graph& before, const graph::Graph& after, const OnStep& on_step = [](const std::string&) {});

/// As a line of the reports.
[[nodiscard]] Record record_of(const GraphVerdict& verdict, const std::string& op, const std::string& name,
                               const std::string& again);

}  // namespace plumb
