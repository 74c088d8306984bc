#include "runners/diagnose.h"

#include <algorithm>
#include <optional>

#include "runners/diagnosis/alternatives.h"
#include "runners/diagnosis/evidence.h"
#include "runners/diagnosis/mistake.h"
#include "runners/products.h"

namespace plumb {
namespace {

// Larger problems are not diagnosed: the same mistake shows in small ones, and sooner.
constexpr std::int64_t kMostProducts = 1 << 17;
constexpr std::size_t kMostNamed = 3;
// Wrong elements from which on a mistake is named: a single one is too easily explained.
constexpr std::int64_t kLeastEvidenceOfMistake = 2;
// Wrong elements from which on a mistake that spares right ones is named.
constexpr std::int64_t kLeastEvidenceOfSome = 3;

using Source = Mistakes (*)(const Op&, const Problem&);
constexpr Source kSources[] = {layout_mistakes,  group_mistakes, zero_point_mistakes, input_mistakes,
                               integer_mistakes, sum_mistakes,   output_mistakes,     reading_mistakes};

bool is_small(const Question& question) {
  return product_count(*question.op, question.problem.signature) <= kMostProducts;
}

std::optional<Answer> evaluate(const Question& question, const Mistake& mistake) {
  try {
    return mistake.evaluate(*question.op, question.problem);
  } catch (const std::exception&) {
    return std::nullopt;  // codes that the operator refuses: no kernel computes with those
  }
}

bool differs(const Answer& answer, const Answer& right) {
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (answer[i].value != right[i].value) return true;
  }
  return false;
}

// A mistake that is made in some places only.
struct Partly {
  std::string sentence;
  std::int64_t spared = 0;
};

// The mistakes that reproduce the wrong elements.
class Search {
 public:
  explicit Search(const Evidence& evidence) : evidence_(evidence) {}

  void try_all() {
    const Question& question = evidence_.question();
    for (const Source source : kSources) {
      for (const Mistake& mistake : source(*question.op, question.problem)) {
        if (named_.size() < kMostNamed) try_one(mistake);
      }
    }
  }

  [[nodiscard]] std::string text() const {
    if (!named_.empty() || !partly_) return joined_alternatives(named_);
    return partly_->sentence + ", but only where the wrong elements are: " + evidence_.place();
  }

 private:
  void try_one(const Mistake& mistake) {
    const auto answer = evaluate(evidence_.question(), mistake);
    if (!answer || !differs(*answer, evidence_.question().expected)) return;
    const std::optional<std::int64_t> spared = evidence_.spared_by(*answer);
    if (!spared) return;
    if (*spared == 0) {
      named_.push_back(mistake.sentence);
    } else if (evidence_.wrong_count() >= kLeastEvidenceOfSome && !evidence_.place().empty() &&
               (!partly_ || *spared < partly_->spared)) {
      partly_ = {mistake.sentence, *spared};
    }
  }

  const Evidence& evidence_;
  std::vector<std::string> named_;
  std::optional<Partly> partly_;
};

}  // namespace

std::string diagnose(const Question& question, const Contract& contract, std::span<const Tensor> outputs,
                     std::byte poison) {
  const Evidence evidence(question, contract, outputs, poison);
  if (evidence.wrong_count() < kLeastEvidence) return "";
  const bool enough = evidence.wrong_count() >= kLeastEvidenceOfMistake && is_small(question);
  std::string text;
  if (enough) {
    Search search(evidence);
    search.try_all();
    text = search.text();
  }
  if (text.empty()) text = relation_of(evidence);
  if (text.empty() && enough) text = activation_sums_of(evidence);
  if (text.empty() && enough) text = arithmetic_of(evidence);
  return text;
}

std::vector<std::string> heat_of(const Question& question, const Contract& contract, std::span<const Tensor> outputs) {
  return heat_of(Evidence(question, contract, outputs, std::byte{}));
}

}  // namespace plumb
