// One campaign over implementations that do harm: each harm has its verdict, which says what was done, and no other
// case is lost.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "reference/sanitized.h"
#include "runners/campaign.h"
#include "runners/library.h"

namespace plumb {
namespace {

struct Harm {
  Outcome outcome;
  const char* reason;
};

// By implementation of runners/testing/misbehaving.c.
const std::map<std::string, Harm> kHarms = {
    {"nothing", {Outcome::pass, ""}},
    {"misaligned", {Outcome::crash, "in run with 1 thread: it used an address that a vector"}},
    {"segfault",
     {Outcome::crash, "SIGSEGV (Segmentation fault) in run with 1 thread: it wrote at address 0x8, next to a null"}},
    {"loop", {Outcome::hang, "did not return within 2000 ms in run with 1 thread"}},
    {"stack", {Outcome::crash, "in run with 1 thread: it overflowed its stack"}},
    {"thread_stack", {Outcome::crash, "overflowed its stack"}},
    {"write_past", {Outcome::crash, "in run with 1 thread: it wrote 1 byte past the end of packed"}},
    {"write_before", {Outcome::crash, "in run with 3 threads: it wrote 1 byte before the start of packed"}},
    {"read_past", {Outcome::crash, "in run with 1 thread: it read 1 byte past the end of codes"}},
    {"read_before", {Outcome::crash, "in run with 3 threads: it read 1 byte before the start of codes"}},
    {"write_input", {Outcome::crash, "in run with 1 thread: it wrote to codes, an input, at byte 3 of 34"}},
    {"exit", {Outcome::crash, "ended its process with exit code "}},
    {"abort", {Outcome::crash, "ended its process with SIGABRT (Aborted) in run with 1 thread"}},
    {"divide", {Outcome::crash, "ended its process with SIGFPE (Floating point exception) in run with 1 thread"}},
    {"memory", {Outcome::crash, "ended its process with SIGABRT (Aborted) in run with 1 thread"}},
    {"leak", {Outcome::pass, ""}},
};

// Which probe sees what nothing else does.
struct Probed {
  const char* probe;
  Outcome outcome;
  const char* reason;
};

const std::map<std::string, Probed> kProbed = {
    {"more_threads", {"threads", Outcome::fail, "wrong elements"}},
    {"second_call", {"threads", Outcome::fail, "wrong elements"}},
    {"aligned", {"alignment", Outcome::fail, "wrong elements"}},
    {"anything", {"arguments", Outcome::fail, "returned 'ok' for a call that the operator forbids"}},
    {"scribbles", {"arguments", Outcome::fail, "wrote to the output of a call that it should refuse"}},
    {"unchecked",
     {"arguments", Outcome::crash,
      "run with 1 thread, given a forbidden absence of codes: it read at address 0x0, next to a null pointer"}},
};

// Touching memory as unsaid as other processors do.
constexpr bool kSaysHowMemoryWasTouched =
#if defined(__x86_64__)
    true;
#else
    false;
#endif

bool is_harmful(const std::string& case_name) { return case_name.starts_with("pack_uint4[n=34"); }

std::string probe_of(const Record& record) {
  const std::size_t plus = record.case_name.find('+');
  return plus == std::string::npos ? "" : record.case_name.substr(plus + 1);
}

// Whether it is the record in which the fault has to show.
bool expect_probed(const Record& record) {
  const Probed& probed = kProbed.at(record.impl);
  const bool seen = probe_of(record) == probed.probe;
  EXPECT_EQ(record.outcome, seen ? probed.outcome : Outcome::pass)
      << record.impl << " " << record.case_name << ": " << record.reason;
  EXPECT_TRUE(!seen || record.reason.find(probed.reason) != std::string::npos) << record.impl << ": " << record.reason;
  return seen;
}

void expect_harm(const Record& record) {
  const Harm& harm = kHarms.at(record.impl);
  EXPECT_EQ(record.outcome, harm.outcome) << record.impl << ": " << record.reason;
  if (!kSaysHowMemoryWasTouched) return;
  EXPECT_NE(record.reason.find(harm.reason), std::string::npos) << record.impl << ": " << record.reason;
}

TEST(Misbehaving, EachHarmHasItsVerdictAndNoCaseIsLost) {
  std::vector<Subject> subjects = load_library(PLUMB_BINARY_DIR "/libmisbehaving.so");
  ASSERT_EQ(subjects.size(), kHarms.size() + kProbed.size());
  // Sanitizers reserve more memory than there is, so that none can be denied.
  std::erase_if(subjects, [](const Subject& s) {
    return kSanitized && (std::string_view(s.impl->name) == "memory" || std::string_view(s.impl->name) == "leak");
  });
  const std::vector<Unit> units = campaign_units(plan_with_probes(subjects, 0), subjects);
  const plumb::Run run = run_units(units, describe_run(units, "test", 0),
                                   {.jobs = 2, .step_limit_ms = 2000, .memory_bytes = std::int64_t{32} << 20});
  ASSERT_EQ(static_cast<std::int64_t>(run.records.size()), run.info.planned);
  std::size_t place = 0;
  std::set<std::string> harmed;
  for (const Unit& unit : units) {
    for (const Step& step : unit.steps) {
      const Record& record = run.records[place++];
      ASSERT_EQ(record.case_name, step.case_name);
      ASSERT_EQ(record.impl, step.impl);
      if (kProbed.contains(record.impl)) {
        if (expect_probed(record)) harmed.insert(record.impl);
      } else if (is_harmful(record.case_name)) {
        expect_harm(record);
        harmed.insert(record.impl);
      } else {
        EXPECT_EQ(record.outcome, Outcome::pass) << record.impl << " " << record.case_name << ": " << record.reason;
      }
    }
  }
  EXPECT_EQ(harmed.size(), subjects.size());
}

}  // namespace
}  // namespace plumb
