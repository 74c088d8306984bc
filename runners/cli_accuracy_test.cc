// `plumb accuracy` as a user meets it: exit codes, messages, files.
#include <gtest/gtest.h>

#include <fstream>

#include "golden/draft.h"
#include "golden/tensor_file.h"
#include "reports/accuracy/formats.h"
#include "runners/model/evaluation_text.h"
#include "runners/model/testing/tiny_model.h"
#include "runners/testing/shell.h"

namespace plumb {
namespace {

class AccuracyCommand : public testing::Test {
 protected:
  void SetUp() override { write_tokens(300, 1); }

  void write_tokens(std::int64_t count, std::int32_t step) {
    const auto file = golden::create_tensor(model_.path() / "eval_tokens.npy", "x.npy", "", DType::i32, {count});
    std::fstream out(file.path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(file.offset));
    for (std::int64_t i = 0; i < count; ++i) {
      const auto token = static_cast<std::int32_t>(i * i * step % 96);
      out.write(reinterpret_cast<const char*>(&token), sizeof token);
    }
  }

  [[nodiscard]] Ended evaluate(const std::string& arguments) const {
    return shell(PLUMB_BINARY_DIR "/plumb accuracy --model " + model_.path().string() +
                 " --window 24 --windows 3 --impl-windows 2 --layer-tokens 8 " + arguments);
  }
  static void expect_in(const std::string& part, const Ended& ended) {
    EXPECT_NE(ended.output.find(part), std::string::npos) << part << " in: " << ended.output;
  }

  model::TinyModel model_;
  golden::TemporaryFolder folder_;
  std::string out_ = (folder_ / "out").string();
  std::string small_ = "--scheme et_vk.q4gsw:g32 --impl cpu.scalar ";
};

TEST_F(AccuracyCommand, WritesItsReportAndIsItsOwnBaseline) {
  const Ended first = evaluate(small_ + "--out " + out_);
  EXPECT_EQ(first.exit_code, 0) << first.output;
  expect_in("1 scheme, 1 implementation measured, 0 wrong", first);
  expect_in("llama.cpp: absent: ", first);
  for (const char* name : {"report.html", "results.csv", "layers.csv", "results.json"}) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(out_) / name)) << name;
  }
  EXPECT_EQ(evaluate(small_ + "--out " + out_).exit_code, 3);
  const Ended again = evaluate(small_ + "--max-ppl-increase 1000 --overwrite --out " + out_ + " --baseline " + out_);
  EXPECT_EQ(again.exit_code, 0) << again.output;
  expect_in("since", again);
  const auto run = accuracy::read_json(model::read_text(out_ + "/results.json"));
  ASSERT_EQ(run.records.size(), 3U);
  for (const auto& record : run.records) EXPECT_EQ(record.since_baseline.value, 0) << record.impl;
  write_tokens(300, 5);
  const Ended other = evaluate(small_ + "--baseline " + out_);
  EXPECT_EQ(other.exit_code, 3);
  expect_in("another text", other);
}

TEST_F(AccuracyCommand, BudgetsDecideTheExitCode) {
  const Ended kl = evaluate(small_ + "--max-kl 0");
  EXPECT_EQ(kl.exit_code, 1);
  expect_in("more than --max-kl 0", kl);
  EXPECT_EQ(evaluate(small_ + "--max-ppl-increase 0.0000001 --min-top1 100").exit_code, 1);
  EXPECT_EQ(evaluate(small_ + "--max-kl 100 --min-top1 0").exit_code, 0);
}

TEST_F(AccuracyCommand, JudgesAUsersLibrary) {
  const Ended sound = evaluate(PLUMB_BINARY_DIR "/libexample.so");
  EXPECT_EQ(sound.exit_code, 0) << sound.output;
  expect_in("example.c", sound);
  expect_in("1 scheme, 1 implementation", sound);  // the default schemes that it has an operator of
  const Ended faulty = evaluate("--scheme et_vk.q4gsw:g32 " PLUMB_BINARY_DIR "/libfaulty_example.so");
  EXPECT_EQ(faulty.exit_code, 1);
  expect_in("model.layers.0.self_attn.q_proj is the first layer to leave its bound", faulty);
}

TEST_F(AccuracyCommand, BadRequestsExit3AndNameWhatIsWrong) {
  const std::pair<std::string, const char*> requests[] = {
      {"--scheme nncf.u5", "nearest: nncf.u"},
      {"--scheme nncf.u4:g48", "groups of 48 do not divide"},
      {"--impl cpu.nosuch", "--impl 'cpu.nosuch'"},
      {"--tokens nosuch.npy", "nosuch.npy"},
      {"--text nosuch.txt", "tokenizer.json: there is no such file"},
      {"--passage-file nosuch.json", "tokenizer.json: there is no such file"},
      {"nosuch.so", "nosuch.so"},
      {"--baseline nosuch", "--baseline nosuch"},
      {"--window 1", "--window"},
      {"--resume nosuch", "--resume"},
      {"--min-top1 101", "--min-top1"},
      {"--max-kl nan", "--max-kl"},
      {"--max-kl inf", "--max-kl"},
      {"--max-kl -1", "--max-kl"},
      {"--max-ppl-increase nan", "--max-ppl-increase"},
      {"--min-top1 nan", "--min-top1"},
  };
  for (const auto& [arguments, part] : requests) {
    const Ended ended = evaluate(arguments);
    EXPECT_EQ(ended.exit_code, 3) << arguments << "\n" << ended.output;
    expect_in(part, ended);
  }
  std::filesystem::remove(model_.path() / "model.safetensors");
  const Ended missing = evaluate(small_);
  EXPECT_EQ(missing.exit_code, 3);
  expect_in("holds neither model.safetensors nor", missing);
}

TEST_F(AccuracyCommand, ReadsTextWithTheBuiltInModel) {
  const std::string text = (folder_ / "text.txt").string();
  std::ofstream(text) << "Anne Elliot was nobody with either father or sister; her word had no weight.";
  const Ended ended = shell(PLUMB_BINARY_DIR "/plumb accuracy --text " + text +
                            " --passages 1 --layer-tokens 0 --no-impls --scheme nncf.u8");
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  expect_in("1 scheme, 0 implementations measured", ended);
}

TEST_F(AccuracyCommand, InterruptLeavesAValidPartialReport) {
  write_tokens(60000, 1);
  const Ended ended = shell("timeout -s INT 2 " PLUMB_BINARY_DIR "/plumb accuracy --model " + model_.path().string() +
                            " --window 24 --windows 100000 --impl-windows 100000 --no-impls --jobs 1 --scheme nncf.u8 "
                            "--scheme nncf.u4:g32 --scheme nncf.u2:g32 --scheme torchao.intx4:g32 --out " +
                            out_);
  EXPECT_EQ(ended.exit_code, 124) << ended.output;  // what timeout says
  const auto run = accuracy::read_json(model::read_text(out_ + "/results.json"));
  EXPECT_TRUE(run.info.interrupted);
  EXPECT_NE(model::read_text(out_ + "/report.html").find("was interrupted"), std::string::npos);
}

}  // namespace
}  // namespace plumb
