// What a rewrite is: conditions with names, checked in a fixed order, and a replacement. Driving, explaining, the list
// and the documentation all follow from this one declaration.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/rewrite/editor.h"
#include "reference/rewrite/packer.h"

namespace plumb::graph {

/// Why a site does not match: the first condition that does not hold, and what was found instead.
struct Miss {
  std::size_t condition;  ///< Position in Rewrite::conditions.
  std::string found;      ///< Names the node.
};

/// How before and after relate.
enum class Equivalence {
  bit_for_bit,  ///< Data are moved: every result is the same.
  bounded,      ///< The same in exact arithmetic; sums are taken in another order.
};

struct Rewrite {
  std::string_view name;
  std::string_view summary;
  std::vector<std::string_view> anchors;     ///< Operators at which a site may lie; "constant" for constants.
  std::vector<std::string_view> conditions;  ///< In the order in which they are checked.
  Equivalence equivalence = Equivalence::bit_for_bit;
  /// Looks at the site of which `anchor` is the last node. If all conditions hold, replaces it if `packer` is given.
  std::function<std::optional<Miss>(Editor& editor, int anchor, const Packer* packer)> at;
};

/// Every rewrite, in the order in which they are applied when several are asked for. Adding one: a file and a line.
[[nodiscard]] std::span<const Rewrite> all_rewrites();
/// Throws Error with the nearest names.
[[nodiscard]] const Rewrite& rewrite_named(std::string_view name);

/// A condition on a site that a rewrite's file defines: empty if it holds, else what was found.
template <typename Site>
struct Condition {
  std::string_view name;
  std::string (*check)(Site& site);
};

/// Puts a rewrite together. `Site` is made of (const Editor&, int anchor); conditions fill it in.
template <typename Site>
Rewrite declare(std::string_view name, std::string_view summary, std::vector<std::string_view> anchors,
                Equivalence equivalence, std::vector<Condition<Site>> conditions,
                void (*replace)(Editor& editor, Site& site, const Packer& packer)) {
  std::vector<std::string_view> names;
  for (const Condition<Site>& condition : conditions) names.push_back(condition.name);
  return {name,
          summary,
          std::move(anchors),
          names,
          equivalence,
          [conditions = std::move(conditions), replace](Editor& editor, int anchor,
                                                        const Packer* packer) -> std::optional<Miss> {
            Site site(editor, anchor);
            for (std::size_t i = 0; i < conditions.size(); ++i) {
              std::string found = conditions[i].check(site);
              if (!found.empty()) return Miss{i, std::move(found)};
            }
            if (packer != nullptr) replace(editor, site, *packer);
            return std::nullopt;
          }};
}

}  // namespace plumb::graph
