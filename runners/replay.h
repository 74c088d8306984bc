// Replaying goldens: recorded inputs through our implementations, and the recorded outputs before our own judge.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runners/campaign.h"

namespace plumb {

/// What to replay.
struct ReplayOptions {
  std::vector<std::filesystem::path> paths;  ///< Golden files or folders of them.
  std::string op_pattern = "*";              ///< Of our operators.
  std::string case_pattern = "*";            ///< Of the recorded cases' names.
};

/// What a replayed case is about, for telling cases apart.
struct ReplayFact {
  std::string group;  ///< File, recorded operation and output: cases of one group are alike.
  const Op* op;
  Sizes values;  ///< Sizes and parameters.
};
/// By the names of the records.
using ReplayFacts = std::map<std::string, ReplayFact>;

/// Units for all selected cases. If `facts` is given, it is filled. The steps of a case are:
///   - impl "upstream": the recorded output judged by our oracle and the bound of upstream's contract. A sound record
///     must pass. One that says of itself that it is wrong (attribute `wrong*` = 1, or `max_abs_error`/`max_abs_diff`
///     beyond every bound) must fail: it then counts as `xfail`.
///   - every subject of that operator: judged by the oracle, and bit for bit against a sound recorded output with
///     accept = "bitwise".
/// Where upstream refused the inputs, every subject must refuse them too. A case whose operation we have no operator
/// for is one step that skips and names it, and which command judges such cases instead if it is none. Throws Error if
/// a file is corrupt, there is none, or no case matches.
[[nodiscard]] std::vector<Unit> replay_units(const ReplayOptions& options, const std::vector<Subject>& subjects,
                                             ReplayFacts* facts = nullptr);

/// Folder of the goldens that come with plumbline: beside the sources, or installed. Throws Error if there is none.
[[nodiscard]] std::filesystem::path default_golden_path();

}  // namespace plumb
