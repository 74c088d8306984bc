// The standard campaign against every fault of the catalogue, and against the same kernels without a fault.
#include "property_tests/faults/faults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "property_tests/answer.h"
#include "property_tests/faults/peers.h"
#include "reference/ops.h"
#include "reference/sanitized.h"
#include "runners/campaign.h"
#include "runners/execute.h"
#include "runners/plan.h"

namespace plumb::faults {
namespace {

using Records = std::vector<Record>;

// A fault that every case shows need not be seen in all of them; sanitizers slow everything down.
constexpr std::size_t kEvery = kSanitized ? 32 : 8;
constexpr std::size_t kShort = kSanitized ? 20 : 100;  // plans that are left whole

// Whether the fault's description allows it to change the element.
bool touches(const Fault& fault, const Signature& signature, std::int64_t flat, std::int64_t columns) {
  Sizes values = signature.values;
  values["row"] = flat / columns;
  values["column"] = flat % columns;
  return evaluate_formula(fault.touches, values) != 0;
}

// Every kEvery-th case of each data mode of a long plan, and those that end a process. (Every kEvery-th of all would be
// of the same modes each time: they follow one another from shape to shape.)
std::vector<Case> thinned(const std::vector<Case>& plan) {
  const auto ends_a_process = [](const Case& test_case) {
    return std::ranges::any_of(all_faults(), [&](const Fault& fault) {
      const bool ends = fault.outcome == Outcome::crash || fault.outcome == Outcome::hang;
      const bool seldom = std::string_view(fault.touches) != "1";
      return ends && seldom && test_case.op->name == fault.op && touches(fault, test_case.signature, 0, 1);
    });
  };
  // Each costs a worker process, of which sanitizers make large ones.
  const std::size_t most_ends = kSanitized ? 4 : plan.size();
  std::size_t ends = 0;
  std::vector<Case> kept;
  std::map<std::string_view, std::size_t> seen;
  for (const Case& test_case : plan) {
    const bool is_next = seen[test_case.mode->name]++ % kEvery == 0;
    const bool ends_one = ends_a_process(test_case) && ++ends <= most_ends;
    if (plan.size() < kShort || is_next || ends_one) kept.push_back(test_case);
  }
  return kept;
}

// Implementations of one operator, worked through together so that each case's oracle is evaluated once.
class Campaign {
 public:
  explicit Campaign(const char* op) { add(make_plain(op)); }
  void add(std::unique_ptr<Builtin> impl) {
    subjects_.push_back({impl->abi(), ""});
    impls_.push_back(std::move(impl));
  }
  [[nodiscard]] const Subject& plain() const { return subjects_.front(); }

  [[nodiscard]] Records run(const SandboxOptions& options) const {
    // The catalogue's expectations are about numbers: where NaN or infinity is right, what was never written, or comes
    // of another code, may be, too.
    std::vector<Case> plan = plan_campaign(subjects_, 0);
    std::erase_if(plan, [](const Case& test_case) {
      return test_case.mode->adversary == Adversary::not_finite || test_case.mode->adversary == Adversary::extremes;
    });
    const std::vector<Unit> units = campaign_units(thinned(plan), subjects_);
    Records records = work_through(units, options);
    diagnose_failures(units, options, records);
    return records;
  }

 private:
  std::vector<std::unique_ptr<Builtin>> impls_;
  std::vector<Subject> subjects_;
};

Records of_impl(const Records& records, std::string_view impl) {
  Records result;
  std::ranges::copy_if(records, std::back_inserter(result), [&](const Record& r) { return r.impl == impl; });
  return result;
}

std::int64_t flat_index(const std::vector<std::int64_t>& index, const Shape& shape) {
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) flat = flat * shape[axis] + index[axis];
  return flat;
}

// The elements that really differ between the faulty and the plain kernel.
std::set<std::int64_t> changed_elements(const Tensor& faulty, const Tensor& plain) {
  std::set<std::int64_t> changed;
  for (std::int64_t i = 0; i < plain.size(); ++i) {
    const bool both_nan = std::isnan(faulty.at(i)) && std::isnan(plain.at(i));
    if (!both_nan && !(faulty.at(i) == plain.at(i))) changed.insert(i);
  }
  return changed;
}

// A case, and what the plain kernel says to it.
struct Right {
  Case test_case;
  Problem problem;
  Tensor output;
};

// Made once for all faults.
class RightAnswers {
 public:
  explicit RightAnswers(const Subject& plain) : plain_(plain) {}
  const Right& operator[](const std::string& case_name) {
    const auto found = known_.find(case_name);
    if (found != known_.end()) return found->second;
    const Case test_case = parse_case(case_name);
    const Problem problem = make_problem(test_case);
    return known_.emplace(case_name, Right{test_case, problem, answer(plain_, *test_case.op, problem)}).first->second;
  }

 private:
  const Subject& plain_;
  std::map<std::string, Right> known_;
};

// A fault in values is seen in every exact case in which it changes anything, and the element that the record names is
// one that it changed.
void check_elements(const Fault& fault, const Subject& faulty, const Right& right, const Record& record) {
  const auto& [test_case, problem, right_output] = right;
  const Tensor y = answer(faulty, *test_case.op, problem);
  const std::int64_t columns = y.shape().back();
  const std::set<std::int64_t> changed = changed_elements(y, right_output);
  for (const std::int64_t flat : changed) {
    ASSERT_TRUE(touches(fault, problem.signature, flat, columns)) << record.case_name << ", element " << flat;
  }
  if (record.outcome == Outcome::pass) {
    EXPECT_TRUE(!test_case.mode->exact() || changed.empty()) << record.case_name;
    return;
  }
  ASSERT_TRUE(record.worst) << record.case_name;
  EXPECT_TRUE(changed.contains(flat_index(record.worst->index, y.shape()))) << record.case_name;
  EXPECT_LE(record.wrong, static_cast<std::int64_t>(changed.size())) << record.case_name;
  // An unwritten byte may hold the right value by chance.
  if (test_case.mode->exact() && test_case.op->arithmetic != Arithmetic::prescribed) {
    EXPECT_EQ(record.wrong, static_cast<std::int64_t>(changed.size())) << record.case_name;
  }
}

// A fault in memory, status or process is seen in every case that it touches.
void check_conduct(const Fault& fault, const Record& record) {
  const Case test_case = parse_case(record.case_name);
  const bool reached = touches(fault, test_case.signature, 0, 1);
  if (fault.outcome == Outcome::flaky) return;  // depends on the data
  EXPECT_EQ(record.outcome != Outcome::pass, reached) << record.case_name;
}

void check_wrong_record(const Fault& fault, const Record& record) {
  EXPECT_EQ(record.outcome, fault.outcome) << record.case_name << ": " << record.reason;
  EXPECT_NE(record.reason.find(fault.reason), std::string::npos) << record.reason;
  EXPECT_NE(record.again.find("plumb check '" + record.case_name + "'"), std::string::npos) << record.again;
  EXPECT_TRUE(record.again.ends_with(" --impl fault." + std::string(fault.id))) << record.again;
}

void check_fault(const Fault& fault, const Subject& faulty, RightAnswers& right, const Records& records) {
  SCOPED_TRACE(std::string(fault.op) + ": " + fault.mechanism);
  std::int64_t wrong = 0, looked_into = 0;
  ASSERT_FALSE(records.empty());
  for (const Record& record : records) {
    if (record.outcome != Outcome::pass) {
      ++wrong;
      check_wrong_record(fault, record);
    }
    const bool in_values = fault.outcome == Outcome::fail && *fault.reason == '\0';
    if (!in_values) {
      check_conduct(fault, record);
    } else if (parse_case(record.case_name).mode->exact() || ++looked_into < 100) {
      check_elements(fault, faulty, right[record.case_name], record);
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(wrong, 0) << "is not caught";
  // Where it is not reached, it is not accused.
  const std::string_view where = fault.touches;
  if (where != "1" && where.find("row") == where.npos && where.find("column") == where.npos) {
    EXPECT_LT(wrong, static_cast<std::int64_t>(records.size()));
  }
}

// Hanging faults take their time, and have a campaign of their own.
bool in_common_campaign(const Fault& fault) { return fault.outcome != Outcome::hang; }

void check_operator(const char* op) {
  Campaign campaign(op);
  std::vector<std::pair<const Fault*, Subject>> faults;
  for (const Fault& fault : all_faults()) {
    if (std::string_view(fault.op) != op || !in_common_campaign(fault)) continue;
    auto impl = make_faulty(fault);
    faults.push_back({&fault, {impl->abi(), ""}});
    campaign.add(std::move(impl));
  }
  const Records records = campaign.run({.workers = 2, .step_limit = std::chrono::seconds(60)});
  for (const Record& record : of_impl(records, "plain")) {
    EXPECT_EQ(record.outcome, Outcome::pass) << record.case_name << ": " << record.reason;
  }
  RightAnswers right(campaign.plain());
  for (const auto& [fault, subject] : faults) {
    check_fault(*fault, subject, right, of_impl(records, subject.impl->name));
  }
}

TEST(Faults, OfLinearAreCaught) { check_operator("linear_q4gsw"); }
TEST(Faults, OfLinearDq8caAreCaught) { check_operator("linear_dq8ca_q4gsw"); }
TEST(Faults, OfLinearQ8taAreCaught) { check_operator("linear_q8ta_q8csw"); }
TEST(Faults, OfEmbeddingAreCaught) { check_operator("embedding_q4gsw"); }
TEST(Faults, OfPackAreCaught) { check_operator("pack_uint4"); }
TEST(Faults, OfUnpackAreCaught) { check_operator("unpack_uint4"); }

// The rest have the faults that any operator can have. Shares of them, so that cores share the work.
constexpr int kShares = 4;
class OfOtherOperators : public testing::TestWithParam<int> {};

TEST_P(OfOtherOperators, AreCaught) {
  std::set<std::string_view> others;
  for (const Fault& fault : all_faults()) others.insert(fault.op);
  for (const char* own :
       {"linear_q4gsw", "linear_dq8ca_q4gsw", "linear_q8ta_q8csw", "embedding_q4gsw", "pack_uint4", "unpack_uint4"})
    others.erase(own);
  int place = 0;
  for (const std::string_view op : others) {
    if (place++ % kShares == GetParam()) check_operator(op.data());
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, OfOtherOperators, testing::Range(0, kShares));

TEST(Faults, ThatNeverReturnAreHangs) {
  for (const Fault& fault : all_faults()) {
    if (in_common_campaign(fault)) continue;
    SCOPED_TRACE(fault.op);
    Campaign campaign(fault.op);
    campaign.add(make_faulty(fault));
    std::int64_t hangs = 0;
    const auto count = [&](const Record& record) { hangs += record.outcome == Outcome::hang; };
    const Records records =
        campaign.run({.workers = 2, .step_limit = std::chrono::seconds(1), .on_record = count, .should_stop = [&] {
                        return hangs >= 2;  // each takes its time
                      }});
    for (const Record& record : of_impl(records, "fault." + std::string(fault.id))) {
      if (touches(fault, parse_case(record.case_name).signature, 0, 1)) check_wrong_record(fault, record);
    }
    EXPECT_GT(hangs, 0);
  }
}

TEST(Faults, AreDescribedOnceAndFully) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Fault& fault : all_faults()) {
    EXPECT_TRUE(seen.emplace(fault.op, fault.id).second) << fault.id;
    EXPECT_NE(std::string_view(fault.mechanism), "") << fault.id;
    EXPECT_TRUE(is_wrong(fault.outcome)) << fault.id;
  }
  for (const Op& op : all_ops()) {
    EXPECT_TRUE(std::ranges::any_of(all_faults(), [&](const Fault& fault) { return fault.op == op.name; })) << op.name;
  }
}

// What is left of a long plan has data of every kind.
TEST(Thinning, LeavesNoModeOut) {
  const auto modes_of = [](const std::vector<Case>& plan) {
    std::set<std::string_view> modes;
    for (const Case& test_case : plan) modes.insert(test_case.mode->name);
    return modes;
  };
  for (const Op& op : all_ops()) {
    const std::vector<Case> plan = plan_cases(op, 0);
    EXPECT_EQ(modes_of(thinned(plan)), modes_of(plan)) << op.name;
  }
}

// The column that a kernel never wrote is named as such.
TEST(Faults, UnwrittenElementsAreCounted) {
  const auto fault = std::ranges::find(all_faults(), std::string_view("last_column_unwritten"), &Fault::id);
  ASSERT_NE(fault, all_faults().end());
  const auto impl = make_faulty(*fault);
  const Record record =
      judge_subject({impl->abi(), ""}, ask(parse_case("linear_q4gsw[M=3,K=64,N=7,group=32]/bounded#5")));
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_EQ(record.wrong, 3);
  EXPECT_EQ(record.unwritten, 3);
  ASSERT_TRUE(record.worst);
  EXPECT_EQ(record.worst->index.back(), 6);
  EXPECT_EQ(record.reason, "wrong elements lie all at N = 6 (of 7)");
}

// What the catalogue says of the usual criteria is true.
TEST(Faults, PassPeersWhereTheCatalogueSaysSo) {
  for (const Fault& fault : all_faults()) {
    const Op& op = op_named(fault.op);
    if (!op.has_constants() || op.arithmetic == Arithmetic::prescribed) {  // theirs are of sums and of products
      EXPECT_EQ(fault.accepted_by, no_peer) << fault.op << " " << fault.id;
      continue;
    }
    const PeerScore score = peer_score(*make_faulty(fault)->abi());
    EXPECT_EQ(score.accepted_by(), fault.accepted_by) << fault.op << " " << fault.id << ": NMSE " << score.nmse;
  }
}

}  // namespace
}  // namespace plumb::faults
