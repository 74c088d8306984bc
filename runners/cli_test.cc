// The program as a user meets it: exit codes, messages, files.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "golden/draft.h"
#include "reports/json.h"
#include "runners/testing/shell.h"

namespace plumb {
namespace {

Ended plumb_command(const std::string& arguments) { return shell(PLUMB_BINARY_DIR "/plumb " + arguments); }

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Cli : public testing::Test {
 protected:
  golden::TemporaryFolder folder_;
  std::string out_ = (folder_ / "out").string();
  std::string small_ = "run --op pack_uint4 --impl cpu.scalar --out " + out_;
};

TEST_F(Cli, RunWritesAllReportsAndSucceeds) {
  const Ended run = plumb_command(small_);
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_NE(run.output.find("60 cases proved, 0 wrong"), std::string::npos) << run.output;
  for (const char* name : {"report.html", "results.csv", "results.json"}) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(out_) / name)) << name;
  }
  EXPECT_EQ(read_json(read_file(out_ + "/results.json")).records.size(), 60U);
}

TEST_F(Cli, RunDoesNotOverwriteUnlessTold) {
  ASSERT_EQ(plumb_command(small_).exit_code, 0);
  const std::string before = read_file(out_ + "/results.json");
  const Ended again = plumb_command(small_);
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_NE(again.output.find("exists already"), std::string::npos);
  EXPECT_EQ(read_file(out_ + "/results.json"), before);
  EXPECT_EQ(plumb_command(small_ + " --overwrite").exit_code, 0);
}

TEST_F(Cli, InterruptLeavesAValidPartialReport) {
  for (const std::string signal : {"INT", "TERM"}) {
    const std::string out = out_ + "/" + signal;
    const Ended run =
        shell("timeout -s " + signal + " 2 " PLUMB_BINARY_DIR "/plumb run --op 'linear_*' --jobs 1 --out " + out);
    // timeout says 124 however the program ended.
    EXPECT_EQ(run.exit_code, 124) << run.output;
    const plumb::Run partial = read_json(read_file(out + "/results.json"));
    EXPECT_TRUE(partial.info.interrupted);
    EXPECT_LT(static_cast<std::int64_t>(partial.records.size()), partial.info.planned);
    EXPECT_NE(read_file(out + "/report.html").find("</html>"), std::string::npos);
  }
}

// A command that has nothing to record does not wait for its end: here it would wait for a writer of the pipe.
TEST_F(Cli, InterruptEndsARewriteAtOnce) {
  const std::string pipe = out_ + ".json";
  const Ended run = shell("mkfifo " + pipe +
                          "; timeout --preserve-status -k 20 -s INT 1 " PLUMB_BINARY_DIR "/plumb rewrite explain all " +
                          pipe + "; code=$?; rm " + pipe + "; exit $code");
  EXPECT_EQ(run.exit_code, 128 + SIGINT) << run.output;
}

// Records but for what the clock says.
std::vector<std::string> timeless(const plumb::Run& run) {
  std::vector<std::string> lines;
  for (Record record : run.records) {
    record.milliseconds = 0;
    lines.push_back(record_to_line(record));
  }
  return lines;
}

// Runs plumb until its journal has so many lines, then sends it a signal. Says how it ended, which may have been
// sooner.
Ended signalled(const std::string& arguments, const std::string& signal, const std::string& journal, int lines) {
  return shell(
      fmt::format("{{ {}/plumb {} & pid=$!; while kill -0 $pid 2>/dev/null && "
                  "[ \"$(cat {} 2>/dev/null | wc -l)\" -lt {} ]; do sleep 0.02; done; "
                  "kill -{} $pid; wait $pid; }}",
                  PLUMB_BINARY_DIR, arguments, journal, lines, signal));
}

std::int64_t line_count(const std::string& path) { return std::ranges::count(read_file(path), '\n'); }

// Killed again and again, with SIGKILL, until it is done: nothing recorded is lost, nothing is judged twice, and the
// report is that of a run that was never killed.
TEST_F(Cli, AKilledRunGoesOnWhereItWas) {
  const std::string selected = "run --op pack_uint4,linear_qcs4w --impl cpu.scalar --seed 3 --jobs 2";
  const std::string journal = out_ + "/records.jsonl";
  std::int64_t before = 0;
  for (const int lines : {10, 60, 200}) {
    const std::string arguments = before == 0 ? selected + " --out " + out_ : "run --jobs 1 --resume " + out_;
    const Ended run = signalled(arguments, "KILL", journal, lines);
    ASSERT_EQ(run.exit_code, 128 + 9) << run.output;
    ASSERT_GE(line_count(journal), std::max<std::int64_t>(before, lines));
    before = line_count(journal);
  }
  const Ended last = plumb_command("run --resume " + out_);
  ASSERT_EQ(last.exit_code, 0) << last.output;
  EXPECT_FALSE(std::filesystem::exists(journal));
  const plumb::Run resumed = read_json(read_file(out_ + "/results.json"));
  const std::string whole = (folder_ / "whole").string();
  ASSERT_EQ(plumb_command(selected + " --out " + whole).exit_code, 0);
  EXPECT_EQ(timeless(resumed), timeless(read_json(read_file(whole + "/results.json"))));
  EXPECT_EQ(resumed.info.seed, 3U);
  EXPECT_FALSE(resumed.info.interrupted);
}

TEST_F(Cli, AnInterruptedRunGoesOnToo) {
  const std::string selected = "run --op linear_qcs4w --impl cpu.scalar --jobs 1";
  const Ended run = signalled(selected + " --out " + out_, "INT", out_ + "/records.jsonl", 20);
  ASSERT_EQ(run.exit_code, 2) << run.output;
  EXPECT_TRUE(read_json(read_file(out_ + "/results.json")).info.interrupted);
  const Ended blind = plumb_command(selected + " --out " + out_);
  EXPECT_EQ(blind.exit_code, 3);
  EXPECT_NE(blind.output.find("--resume"), std::string::npos) << blind.output;
  const Ended other = plumb_command("run --op linear_qcs4w --seed 4 --resume " + out_);
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.output.find("belongs to other cases"), std::string::npos) << other.output;
  EXPECT_EQ(plumb_command("run --resume " + out_ + " --out elsewhere").exit_code, 3);
  EXPECT_EQ(plumb_command("run --resume " + out_).exit_code, 0);
  const plumb::Run done = read_json(read_file(out_ + "/results.json"));
  EXPECT_FALSE(done.info.interrupted);
  EXPECT_EQ(static_cast<std::int64_t>(done.records.size()), done.info.planned);
  EXPECT_EQ(plumb_command("run --resume " + out_).exit_code, 3) << "nothing is left";
}

TEST_F(Cli, BenchWritesAReportAndDoesNotOverwriteIt) {
  const std::string bench =
      "bench pack --op pack_uint4 --impl cpu.scalar --shape 16x64 --group 32 --min-time 0 --out " + out_;
  const Ended first = plumb_command(bench);
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_NE(first.output.find("measured"), std::string::npos) << first.output;
  for (const char* name : {"report.html", "results.csv", "results.json"}) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(out_) / name)) << name;
  }
  EXPECT_EQ(plumb_command(bench).exit_code, 3);
  EXPECT_EQ(plumb_command(bench + " --overwrite").exit_code, 0);
}

TEST_F(Cli, InterruptedBenchLeavesAValidPartialReport) {
  const Ended run =
      shell("timeout -s INT 2 " PLUMB_BINARY_DIR "/plumb bench --min-time 1 --shape 64x64 --group 32 --out " + out_);
  EXPECT_EQ(run.exit_code, 124) << run.output;
  EXPECT_NE(read_file(out_ + "/report.html").find("The run was interrupted"), std::string::npos) << run.output;
  EXPECT_TRUE(read_file(out_ + "/results.json").ends_with("]}\n"));
}

TEST_F(Cli, BadRequestsExit3AndNameTheArgument) {
  const std::pair<const char*, const char*> requests[] = {
      {"", "Usage"},
      {"frobnicate", "frobnicate"},
      {"run --op nosuch", "--op 'nosuch'"},
      {"run --jobs none", "--jobs"},
      {"run --jobs 0", "--jobs"},
      {"run --seed -1", "--seed"},
      {"run --resume nosuch", "nosuch"},
      {"check", "TARGET"},
      {"check nosuch.so", "'nosuch.so'"},
      {"check 'linear_q4gsw[M=1]/exact#1'", "group"},
      {"check 'pack_uint4[n=2]/exact#1' --impl cpu.nosuch", "--impl 'cpu.nosuch'"},
      {"golden nosuch.h5", "nosuch.h5"},
      {"golden " PLUMB_SOURCE_DIR "/LICENSE", "LICENSE"},
      {"ops nosuch", "'nosuch'"},
      {"bench nosuch", "'nosuch'"},
      {"bench --op nosuch", "--op 'nosuch'"},
      {"bench --shape 12", "--shape"},
      {"bench --shape 64x100", "--group 128"},
      {"bench --threads 0", "--threads"},
      {"bench --min-time -1", "--min-time"},
  };
  for (const auto& [arguments, expected] : requests) {
    const Ended result = plumb_command(arguments);
    EXPECT_EQ(result.exit_code, 3) << arguments << "\n" << result.output;
    EXPECT_NE(result.output.find(expected), std::string::npos) << arguments << "\n" << result.output;
  }
}

TEST_F(Cli, HelpListsExitCodesAndExamples) {
  for (const char* command : {"--help", "run --help", "check --help", "golden --help", "ops --help", "bench --help"}) {
    const Ended help = plumb_command(command);
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.output.find("Examples:"), std::string::npos) << command;
  }
  EXPECT_NE(plumb_command("--help").output.find("Exit codes: 0 all proved"), std::string::npos);
  EXPECT_EQ(plumb_command("--version").exit_code, 0);
}

TEST_F(Cli, AFailureEndsWithACommandThatRepeatsIt) {
  const std::string library = PLUMB_BINARY_DIR "/libfaulty_example.so";
  const Ended run = plumb_command("check " + library);
  EXPECT_EQ(run.exit_code, 1);
  const std::size_t start = run.output.find("again: plumb ");
  ASSERT_NE(start, std::string::npos) << run.output;
  const std::size_t end = run.output.find('\n', start);
  const Ended again = plumb_command(run.output.substr(start + 13, end - start - 13));
  EXPECT_EQ(again.exit_code, 1) << again.output;
  EXPECT_NE(again.output.find("1 of 1 case wrong"), std::string::npos) << again.output;
}

TEST_F(Cli, ACaseSaysWhatItsDataCanShow) {
  const std::string name = "linear_q4gsw[M=3,K=64,N=8,group=32]/exact#7", impl = " --impl cpu.scalar";
  const Ended alone = plumb_command("check '" + name + "'" + impl),
              probe = plumb_command("check '" + name + "+threads'" + impl);
  EXPECT_EQ(alone.exit_code, 0) << alone.output;
  EXPECT_NE(alone.output.find("elements that show"), std::string::npos) << alone.output;
  EXPECT_EQ(probe.exit_code, 0) << probe.output;
  EXPECT_EQ(probe.output.find("elements that show"), std::string::npos) << probe.output;
}

TEST_F(Cli, ATruncatedGoldenIsOneClearError) {
  const auto path = folder_ / "cut.h5";
  const std::string whole = read_file(PLUMB_SOURCE_DIR "/golden/openvino/nncf_pack.h5");
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() / 2);
  const Ended result = plumb_command("golden " + path.string());
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.output.find("cut.h5"), std::string::npos);
  EXPECT_EQ(std::ranges::count(result.output, '\n'), 1) << result.output;
}

TEST_F(Cli, OpsExplainsAnOperator) {
  const Ended result = plumb_command("ops linear_q4gsw");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.output.find("layout et_vk.q4gsw"), std::string::npos);
}

}  // namespace
}  // namespace plumb
