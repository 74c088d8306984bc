#include "runners/diagnose.h"

#include <algorithm>
#include <map>
#include <optional>

#include "reference/bound.h"
#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/layout/stand_in.h"
#include "reference/layout/wrong_variants.h"
#include "reference/alternatives.h"
#include "runners/judge.h"

namespace plumb {
namespace {

// Larger problems are not diagnosed: the same mistake shows in small ones, and sooner.
constexpr std::int64_t kMostProducts = 1 << 18, kMostCodes = 1 << 14;
constexpr std::size_t kMostNamed = 3;

enum class Direction { packs, unpacks };

// One way in which the oracle uses a layout.
struct Use {
  std::string layout;
  Direction direction;
  friend auto operator<=>(const Use&, const Use&) = default;
};

// Looks on while the oracle packs and unpacks.
class Watcher : public LayoutStandIn {
 public:
  std::optional<std::vector<std::uint8_t>> pack(const Layout& layout, Extent extent, std::span<const int>) override {
    return note<std::vector<std::uint8_t>>(layout, extent, Direction::packs);
  }
  std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent, std::span<const std::uint8_t>) override {
    return note<std::vector<int>>(layout, extent, Direction::unpacks);
  }
  // The extents that each use had.
  [[nodiscard]] const std::map<Use, std::vector<Extent>>& uses() const { return uses_; }

 private:
  template <typename Result>
  std::optional<Result> note(const Layout& layout, Extent extent, Direction direction) {
    std::vector<Extent>& extents = uses_[{layout.name, direction}];
    if (std::ranges::find(extents, extent) == extents.end()) extents.push_back(extent);
    return std::nullopt;
  }

  std::map<Use, std::vector<Extent>> uses_;
};

// Makes one mistake wherever the oracle uses a layout so. Of several extents only one is got wrong.
class Mistaken : public LayoutStandIn {
 public:
  Mistaken(const Use& use, Extent extent, const WrongVariant& variant)
      : use_(use), extent_(extent), variant_(variant) {}

  std::optional<std::vector<std::uint8_t>> pack(const Layout& layout, Extent extent,
                                                std::span<const int> codes) override {
    if (!concerns(layout, extent, Direction::packs)) return std::nullopt;
    return plumb::pack(variant_, extent, codes);
  }
  std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent,
                                         std::span<const std::uint8_t> bytes) override {
    if (!concerns(layout, extent, Direction::unpacks)) return std::nullopt;
    return plumb::unpack(variant_, extent, bytes);
  }

 private:
  [[nodiscard]] bool concerns(const Layout& layout, Extent extent, Direction direction) const {
    return layout.name == use_.layout && direction == use_.direction && extent == extent_;
  }

  const Use& use_;
  Extent extent_;
  const WrongVariant& variant_;
};

bool is_small(const Question& question) {
  const Signature& signature = question.problem.signature;
  const std::string& formula = question.op->products.empty() ? question.op->length : question.op->products;
  const std::int64_t length = formula.empty() ? 1 : evaluate_formula(formula, signature.values);
  std::int64_t products = 0;
  for (const Expected& expected : question.expected)
    products += std::ssize(expected.value) * std::max<std::int64_t>(length, 1);
  return products <= kMostProducts;
}

// Whether the outputs are what the mistaken oracle says, and that is another thing than the right one's.
bool explains(const Question& question, const Contract& contract, std::span<const Tensor> outputs,
              const Answer& answer) {
  const Op& op = *question.op;
  const Signature& signature = question.problem.signature;
  Judgement judgement;
  bool differs = false;
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    if (answer[i].value.size() != question.expected[i].value.size()) return false;
    differs = differs || answer[i].value != question.expected[i].value;
    judgement.add(judge(op.outputs[i], signature, outputs[i], nearest_alternatives(answer[i], outputs[i]),
                        bounds(op, signature, contract, answer[i], i), std::byte{}));
  }
  return differs && judgement.proved();
}

std::optional<Answer> evaluate_mistaken(const Question& question, const Use& use, Extent extent,
                                        const WrongVariant& variant) {
  const Mistaken mistaken(use, extent, variant);
  try {
    return question.op->evaluate(question.problem);
  } catch (const std::exception&) {
    return std::nullopt;  // codes that the operator refuses: no kernel computes with those
  }
}

std::map<Use, std::vector<Extent>> uses_of(const Question& question) {
  const Watcher watcher;
  (void)question.op->evaluate(question.problem);
  return watcher.uses();
}

}  // namespace

std::string diagnose(const Question& question, const Contract& contract, std::span<const Tensor> outputs) {
  if (!is_small(question)) return "";
  std::vector<std::string> named;
  for (const auto& [use, extents] : uses_of(question)) {
    for (const Extent& extent : extents) {
      if (extent.rows * extent.columns > kMostCodes) continue;
      for (const WrongVariant& variant : wrong_variants(layout_named(use.layout), extent)) {
        const auto answer = evaluate_mistaken(question, use, extent, variant);
        if (!answer || !explains(question, contract, outputs, *answer)) continue;
        named.push_back(use.layout + " " + variant.sentence);
      }
    }
  }
  named.resize(std::min(named.size(), kMostNamed));
  std::string text;
  for (const std::string& sentence : named) text += (text.empty() ? "" : "; or ") + sentence;
  return text;
}

}  // namespace plumb
