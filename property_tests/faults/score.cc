#include "property_tests/faults/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>

#include "reference/error.h"
#include "reference/ops.h"
#include "runners/campaign.h"

namespace plumb::faults {
namespace {

using namespace std::chrono_literals;

// Cases judged first; each round after has twice as many.
constexpr std::size_t kFirstRound = 32;
// Wrong cases after which a fault is settled, and how many of them are looked into.
constexpr std::int64_t kEnough = 10;
constexpr std::size_t kLookedInto = 5;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A case in which a fault was seen.
struct Seen {
  const Case* test_case;
  Record record;
};

// One operator's faults, and what is found out about them.
class Campaign {
 public:
  Campaign(const std::string& op, std::vector<Score*> scores, int workers)
      : op_(op_named(op)), scores_(std::move(scores)), workers_(workers), plain_(make_plain(op_.name.c_str())) {
    std::vector<Subject> subjects = {{plain_->abi(), ""}};
    for (const Score* score : scores_) subjects.push_back(subject_of(*score));
    cases_ = shuffled(plan_campaign(subjects, 0));
  }

  void run(RightKernels& right) {
    for (std::size_t first = 0, size = kFirstRound; first < cases_.size(); first += size, size *= 2) {
      const std::size_t last = std::min(first + size, cases_.size());
      if (!judge(first, last, right)) break;
    }
    look_into();
    ask_peers(right);
    count_accused(right);
  }

 private:
  static Subject subject_of(const Score& score) { return {score.entry->impl->abi(), ""}; }

  // Every part of the plan meets every other early on: positions are multiplied by a number that has no factor in
  // common with their count.
  static std::vector<Case> shuffled(const std::vector<Case>& plan) {
    std::vector<Case> cases;
    std::size_t step = plan.size() / 3 + 1;
    while (std::gcd(step, plan.size()) != 1) ++step;
    for (std::size_t i = 0; i < plan.size(); ++i) cases.push_back(plan[i * step % plan.size()]);
    return cases;
  }

  [[nodiscard]] static bool is_settled(const Score& score) {
    if (score.entry->impl->abi()->unavailable != nullptr) return true;
    return score.wrong >= (score.entry->hangs ? 1 : kEnough);
  }

  [[nodiscard]] static bool can_show(const Score& score, const Case& test_case) {
    return evaluate_formula(score.entry->touches, test_case.signature.values) != 0;
  }

  [[nodiscard]] SandboxOptions options(std::chrono::milliseconds limit) const {
    return {.workers = workers_, .step_limit = limit, .on_record = {}, .should_stop = was_interrupted};
  }

  // The faults that a case is of use for, in order.
  [[nodiscard]] std::vector<Score*> open_faults(const Case& test_case) const {
    std::vector<Score*> open;
    for (Score* score : scores_) {
      if (!is_settled(*score) && can_show(*score, test_case)) open.push_back(score);
    }
    return open;
  }

  // False once all faults are settled.
  bool judge(std::size_t first, std::size_t last, RightKernels& right) {
    std::vector<Unit> units;
    std::vector<std::pair<const Case*, Score*>> steps;  // nullptr: the right kernel
    const bool open = std::ranges::any_of(scores_, [](const Score* score) { return !is_settled(*score); });
    if (!open) return false;
    for (std::size_t i = first; i < last; ++i) {
      const Case& test_case = cases_[i];
      std::vector<Subject> subjects = {{plain_->abi(), ""}};
      std::vector<Score*> asked = {nullptr};
      for (Score* score : open_faults(test_case)) {
        subjects.push_back(subject_of(*score));
        asked.push_back(score);
      }
      if (asked.size() == 1) continue;
      std::vector<Unit> unit = campaign_units({test_case}, subjects);
      if (unit[0].steps.size() != asked.size()) continue;  // exact in another accumulator than theirs
      for (Score* score : asked) steps.emplace_back(&test_case, score);
      units.push_back(std::move(unit[0]));
    }
    const std::vector<Record> records = work_through(units, options(limit()));
    for (std::size_t i = 0; i < records.size(); ++i) take_in(*steps[i].first, steps[i].second, records[i], right);
    return !was_interrupted();
  }

  // Hanging faults take their time, however long it is.
  [[nodiscard]] std::chrono::milliseconds limit() const {
    const bool hangs = std::ranges::any_of(scores_, [](const Score* s) { return s->entry->hangs && !is_settled(*s); });
    return hangs ? 2000ms : 30000ms;
  }

  void take_in(const Case& test_case, Score* score, const Record& record, RightKernels& right) {
    if (score == nullptr) {
      ++right.judged;
      if (record.outcome != Outcome::pass) right.wrong.push_back(record);
      return;
    }
    if (record.outcome == Outcome::skip) return;
    ++score->judged;
    if (!is_wrong(record.outcome)) return;
    ++score->wrong;
    seen_[score].push_back({&test_case, record});
  }

  // The wrong cases that are easiest to explain: of few elements, most of which are wrong.
  static void sort(std::vector<Seen>& seen, const Entry& entry) {
    std::ranges::stable_sort(seen, {}, [&](const Seen& s) {
      const bool as_expected = probe_of(s.record) == entry.probe, enough = s.record.wrong >= 3;
      return std::tuple(!as_expected, !enough, s.record.elements);
    });
  }

  // Judges some of the wrong cases again, and seeks what they look like.
  void look_into() {
    std::vector<Unit> units;
    std::vector<std::pair<Score*, const Seen*>> asked;
    for (Score* score : scores_) {
      std::vector<Seen>& seen = seen_[score];
      sort(seen, *score->entry);
      if (!seen.empty()) take_best(*score, seen[0].record);
      for (std::size_t i = 0; i < seen.size(); ++i) {
        if (i >= kLookedInto - 2 && i + 2 < seen.size()) continue;  // and the two largest
        if (seen[i].record.outcome != Outcome::fail) continue;
        Unit unit = std::move(campaign_units({*seen[i].test_case}, {subject_of(*score)})[0]);
        unit.steps[0].judge = unit.steps[0].judge_and_diagnose;
        units.push_back(std::move(unit));
        asked.emplace_back(score, &seen[i]);
      }
    }
    const std::vector<Record> records = work_through(units, options(30000ms));
    for (std::size_t i = 0; i < records.size(); ++i) take_best(*asked[i].first, records[i]);
  }

  // Keeps the record that says most.
  static void take_best(Score& score, const Record& record) {
    if (!is_wrong(record.outcome)) return;
    const std::string& words = score.entry->diagnosis;
    const bool names = !words.empty() && (contains(record.diagnosis, words) || contains(record.reason, words));
    const bool better = score.probe.empty() || (names && !score.named) ||
                        (!score.named && score.seen.diagnosis.empty() && !record.diagnosis.empty());
    if (!better) return;
    score.named = score.named || names;
    score.seen = record;
    score.probe = probe_of(record);
  }

  // What peers' criteria say of an implementation, as a verdict whose reason is their word. Who refuses the right
  // kernel as well has not seen a fault.
  Step peer_step(const Subject& subject, const std::shared_ptr<std::optional<Question>>& question) const {
    return {subject.impl->op, subject.impl->name, "", "", [subject, question, plain = plain_->abi()] {
              std::string refused = refused_by(*subject.impl, **question);
              if (subject.impl == plain) return Record(Outcome::skip, refused);
              const std::string right = refused_by(*plain, **question);
              for (std::size_t c = 0; c < kCriteria; ++c) {
                if (right[c] == '1') refused[c] = '0';
              }
              return Record(Outcome::skip, refused);
            }};
  }

  static std::array<bool, kCriteria> verdicts(const Record& record) {
    std::array<bool, kCriteria> refused = {};
    for (std::size_t c = 0; c < kCriteria; ++c) {
      refused[c] = record.outcome != Outcome::skip || record.reason[c] == '1';  // a crash is noticed by everybody
    }
    return refused;
  }

  static void count(const Record& record, Refusals& refusals) {
    ++refusals.asked;
    const std::array<bool, kCriteria> refused = verdicts(record);
    for (std::size_t c = 0; c < kCriteria; ++c) refusals.refused[c] += refused[c] ? 1 : 0;
  }

  void ask_peers(RightKernels& right) {
    std::vector<Unit> units;
    std::vector<std::pair<Score*, bool>> asked;  // whether it is the friendly problem
    const auto friendly = std::make_shared<std::optional<Question>>();
    Unit first{{}, [friendly, this] { *friendly = friendly_question(op_); }, [friendly] { friendly->reset(); }};
    for (Score* score : scores_) {
      if (!score->was_judged() || score->entry->hangs) continue;
      first.steps.push_back(peer_step(subject_of(*score), friendly));
      asked.emplace_back(score, true);
    }
    if (!first.steps.empty()) {
      first.steps.push_back(peer_step({plain_->abi(), ""}, friendly));
      asked.emplace_back(nullptr, true);
      units.push_back(std::move(first));
    }
    for (Score* score : scores_) {
      if (score->entry->hangs) continue;
      for (const Seen& seen : seen_[score]) {
        const auto question = std::make_shared<std::optional<Question>>();
        units.push_back({{peer_step(subject_of(*score), question)},
                         [question, test_case = *seen.test_case] { *question = ask(test_case); },
                         [question] { question->reset(); }});
        asked.emplace_back(score, false);
      }
    }
    const std::vector<Record> records = work_through(units, options(30000ms));
    for (std::size_t i = 0; i < records.size(); ++i) {
      auto& [score, is_friendly] = asked[i];
      if (score == nullptr) {
        count(records[i], right.friendly);
        continue;
      }
      std::array<bool, kCriteria>& refused = is_friendly ? score->friendly : score->own;
      const std::array<bool, kCriteria> now = verdicts(records[i]);
      for (std::size_t c = 0; c < kCriteria; ++c) refused[c] = refused[c] || now[c];
    }
  }

  // How often the criteria refuse the right kernel on the cases of the first round.
  void count_accused(RightKernels& right) {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < std::min(kFirstRound, cases_.size()); ++i) {
      const auto question = std::make_shared<std::optional<Question>>();
      units.push_back({{peer_step({plain_->abi(), ""}, question)},
                       [question, test_case = cases_[i]] { *question = ask(test_case); },
                       [question] { question->reset(); }});
    }
    for (const Record& record : work_through(units, options(30000ms))) {
      count(record, right.own);
    }
  }

  const Op& op_;
  std::vector<Score*> scores_;
  int workers_;
  std::unique_ptr<Builtin> plain_;
  std::vector<Case> cases_;
  std::map<const Score*, std::vector<Seen>> seen_;
};

}  // namespace

std::string probe_of(const Record& record) {
  if (record.outcome == Outcome::crash) return "worker process";
  if (record.outcome == Outcome::hang) return "time limit";
  if (record.outcome == Outcome::flaky || contains(record.reason, "threads")) return "other threads";
  if (contains(record.reason, "bytes outside") || contains(record.reason, "was written to")) return "guard zones";
  if (contains(record.reason, "returned '")) return "status";
  if (record.unwritten > 0 && record.unwritten == record.wrong) return "poisoned output";
  const Case test_case = parse_case(record.case_name);
  if (test_case.op->arithmetic == Arithmetic::prescribed) return "prescribed bits";
  return test_case.mode->exact() ? "exact data" : "proved bound";
}

Scores score(const std::vector<Entry>& entries, int workers) {
  Scores scores;
  std::vector<std::string> ops;
  for (const Entry& entry : entries) {
    scores.faults.push_back({.entry = &entry});
    if (std::ranges::find(ops, entry.op) == ops.end()) ops.push_back(entry.op);
  }
  for (const std::string& op : ops) {
    std::vector<Score*> own;
    for (Score& score : scores.faults) {
      if (score.entry->op == op) own.push_back(&score);
    }
    if (!was_interrupted()) Campaign(op, std::move(own), workers).run(scores.right);
  }
  for (Score& score : scores.faults) {
    const char* unavailable = score.entry->impl->abi()->unavailable;
    if (unavailable != nullptr) score.seen = Record(Outcome::skip, unavailable);
  }
  return scores;
}

}  // namespace plumb::faults
