#include "runners/bench/peers.h"

#include <gtest/gtest.h>

#include <fstream>

#include "golden/draft.h"
#include "reference/error.h"

namespace plumb::bench {
namespace {

Record ours() {
  Record record;
  record.kind = "linear";
  record.op = "linear_q4gsw";
  record.impl = "cpu.avx2";
  record.case_name = "linear_q4gsw[M=2]/exact#0";
  record.threads = 3;
  record.samples = 9;
  record.moved_bytes = 1500;
  record.weight_bytes = 1000;
  record.operations = 4000;
  record.seconds = {2, 1, 3, 1};
  record.copy_seconds = {1, 1, 1, 1};
  record.share_of_copy = {0.5, 0.5, 0.5, 0.5};
  record.read_rate = 1e9;
  record.operation_rate = 2e9;
  return record;
}

TEST(BenchPeers, ALineIsAMeasurementOrAReason) {
  const PeerReply timed = parse_peer_line(
      R"({"peer":"torch 2","what":"int4","differs":"in int8","weight_bytes":1200,"seconds":[0.5,0.25]})");
  EXPECT_EQ(timed.peer, "torch 2");
  EXPECT_EQ(timed.weight_bytes, 1200);
  EXPECT_EQ(timed.seconds, (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(parse_peer_line(R"({"peer":"ggml","absent":"not here"})").absent, "not here");
}

TEST(BenchPeers, OtherLinesAreRefused) {
  for (const char* line :
       {"", "loading…", "{}", R"({"peer":"a"})", R"({"peer":"a","absent":""})", R"({"peer":"a","absent":1})",
        R"({"peer":"a","what":"b","differs":"","weight_bytes":1,"seconds":[]})",
        R"({"peer":"a","what":"b","differs":"","weight_bytes":1,"seconds":[0]})",
        R"({"peer":"a","what":"b","differs":"","weight_bytes":1,"seconds":["nan"]})",
        R"({"peer":"a","what":"b","differs":"","weight_bytes":1,"seconds":[1],"more":2})",
        R"({"peer":"a","absent":"b","seconds":[1]})"}) {
    EXPECT_THROW((void)parse_peer_line(line), Error) << line;
  }
}

// `python` is a shell here, and the script one of the shell's: what is tested is the protocol.
class FakePeers : public testing::Test {
 protected:
  std::vector<Record> ask(const std::string& script) {
    std::ofstream(folder_ / "peers.sh") << script;
    return ask_peers("sh", folder_ / "peers.sh", {2, 16, 64, 32}, ours(), 0.5);
  }
  golden::TemporaryFolder folder_;
};

TEST_F(FakePeers, AreToldTheCaseAndStandBesideOurs) {
  const auto records = ask(R"(test "$*" = "--M 2 --N 16 --K 64 --group 32 --threads 3 --min-time 0.5" || exit 1
echo '{"peer":"torch 2","what":"int4","differs":"in int8","weight_bytes":1200,"seconds":[0.5,0.25,1]}'
echo noise >&2
echo '{"peer":"ggml","absent":"not here"}')");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].impl, "torch 2 (int4)");
  EXPECT_EQ(records[0].case_name, ours().case_name);
  EXPECT_TRUE(records[0].peer);
  EXPECT_EQ(records[0].differs, "in int8");
  EXPECT_EQ(records[0].samples, 3);
  EXPECT_EQ(records[0].seconds.median, 0.5);
  EXPECT_EQ(records[0].weight_bytes, 1200);
  EXPECT_EQ(records[0].moved_bytes, 1700);
  EXPECT_EQ(records[0].operations, 4000);
  EXPECT_EQ(records[0].read_rate, 1e9);
  EXPECT_EQ(copy_rate(records[0]), 0);
  EXPECT_EQ(records[1].impl, "ggml");
  EXPECT_EQ(records[1].reason, "absent: not here");
  EXPECT_FALSE(is_measured(records[1]));
  EXPECT_FALSE(records[1].misbehaved);
}

TEST_F(FakePeers, ThatBreakOffOrBabbleAreNamed) {
  const auto broken = ask("echo '{\"peer\":\"a\",\"absent\":\"b\"}'; exit 7");
  ASSERT_EQ(broken.size(), 2U);
  EXPECT_NE(broken[1].reason.find("broke off"), std::string::npos);
  const auto babble = ask("echo hello");
  ASSERT_EQ(babble.size(), 1U);
  EXPECT_FALSE(is_measured(babble[0]));
  EXPECT_NE(babble[0].reason.find("absent: "), std::string::npos);
}

TEST(BenchPeers, WithoutPythonTheReportSaysSo) {
  const auto records = ask_peers("no-such-python", "script.py", {1, 16, 64, 32}, ours(), 0);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, "absent: there is no no-such-python");
}

TEST(BenchPeers, TheScriptIsFound) { EXPECT_EQ(default_peer_script().filename(), "linear_peers.py"); }

}  // namespace
}  // namespace plumb::bench
