#include "runners/accuracy/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"
#include "reports/accuracy/formats.h"
#include "runners/accuracy/sensitivity.h"
#include "runners/accuracy/testing/misbehaving_kernel.h"
#include "runners/campaign.h"
#include "runners/model/testing/tiny_model.h"

namespace plumb::accuracy {
namespace {

constexpr int kTinyLinears = 14;  // that are quantised: the head is not

const model::TinyModel& tiny() {
  static const model::TinyModel model;
  return model;
}

EvaluationText tiny_text() {
  EvaluationText text;
  const Random random(1, "tokens");
  for (std::uint64_t i = 0; i < 400; ++i) text.tokens.push_back(static_cast<std::int32_t>(random.integer(i, 0, 95)));
  for (std::uint64_t i = 0; i < 3; ++i) text.passages.push_back({{1, 2, 3, 4}, {5, static_cast<std::int32_t>(i)}});
  return text;
}

AccuracyOptions quick() {
  AccuracyOptions options;
  options.reading = {.window = 24,
                     .windows = 3,
                     .implementation_windows = 2,
                     .passages = 3,
                     .implementation_passages = 2,
                     .drift_tokens = 8};
  options.jobs = 2;
  return options;
}

accuracy::Run evaluate(const std::vector<std::string>& schemes, const std::vector<Subject>& subjects,
                       const AccuracyOptions& options = quick(), const std::filesystem::path& path = tiny().path()) {
  const model::ModelFolder folder(path);
  std::vector<Scheme> parsed;
  for (const std::string& scheme : schemes) parsed.push_back(parse_scheme(scheme));
  return measure(folder, tiny_text(), parsed, subjects, options);
}

std::vector<Subject> scalar() { return select_subjects(builtin_subjects(), "*", "cpu.scalar"); }

// Every format, tied or not, mixed or not: the kernel costs nothing that could be measured, and no layer leaves its
// bound.
TEST(Accuracy, OurOwnKernelsCostNothing) {
  const accuracy::Run run =
      evaluate({"nncf.u2:g32", "nncf.u4:g64:asym", "nncf.u8", "torchao.intx2:g32", "torchao.intx8",
                "torchao.int4_plain_int32:g32", "aten.int4:g32", "et_vk.q4gsw:g32:tied", "et_vk.dq8ca_q4gsw:g32",
                "et_vk.qcs4w", "nncf.u2:g32+nncf.u4:g32@3"},
               scalar());
  ASSERT_EQ(run.records.size(), 1 + 2 * 11U);
  EXPECT_EQ(run.info.planned, 23);
  EXPECT_EQ(exit_code(run), 0) << text_table(run);
  for (const Record& record : run.records) {
    if (record.kind != Kind::implementation) continue;
    SCOPED_TRACE(record.scheme);
    EXPECT_EQ(record.reason, "");
    EXPECT_EQ(record.cost.tokens, 2 * 23);
    EXPECT_EQ(record.total.tokens, 2 * 23);
    EXPECT_EQ(record.passages, 2);
    EXPECT_EQ(record.same_last_words, 2);
    EXPECT_LE(record.cost.kl, 1e-4);
    EXPECT_LE(std::abs(record.cost.increase.value), 1e-3);
    EXPECT_GT(record.total.kl, record.cost.kl);
    EXPECT_EQ(record.layers.size(), kTinyLinears + 2U);
    EXPECT_EQ(first_wrong_layer(record), nullptr);
    EXPECT_GT(record.tokens_per_second, 0);
  }
}

TEST(Accuracy, QuantisationCostsMoreWithFewerBits) {
  const accuracy::Run run = evaluate({"nncf.u2:g32", "nncf.u2:g32+nncf.u4:g32@3", "nncf.u4:g32", "nncf.u8:g32"}, {});
  ASSERT_EQ(run.records.size(), 5U);
  EXPECT_EQ(exit_code(run), 0);
  for (std::size_t i = 1; i + 1 < run.records.size(); ++i) {
    EXPECT_GT(run.records[i].cost.kl, run.records[i + 1].cost.kl) << run.records[i].scheme;
    EXPECT_LT(run.records[i].bits, run.records[i + 1].bits) << run.records[i].scheme;
  }
  EXPECT_EQ(run.records[0].cost.kl, 0);
  EXPECT_EQ(run.records[0].cost.same_top, 1);
  // The embedding is f32 here, the head's weight is it, and neither is quantised.
  const double all = 2.0 * (64 * (64 + 32 + 32 + 64) + 3 * 64 * 128), embedding = 96 * 64;
  EXPECT_NEAR(run.records[3].bits, 4.5, 1e-12);
  EXPECT_NEAR(run.records[3].model_bits, (4.5 * all + 32 * embedding) / (all + embedding), 1e-12);
}

// One wrong scale of one group in one layer: it is in the table, and the layer is named.
TEST(Accuracy, APlantedFaultShowsInTableAndPlot) {
  MisbehavingKernel faulty("faulty");
  faulty.layers = kTinyLinears;
  faulty.wrong_layer = 7 + model::kUp;
  std::vector<Subject> subjects = scalar();
  subjects.push_back(faulty.subject());
  const accuracy::Run run = evaluate({"et_vk.q4gsw:g32"}, subjects);
  ASSERT_EQ(run.records.size(), 4U);
  const Record &sound = run.records[2], &wrong = run.records[3];
  EXPECT_EQ(exit_code(run), 1);
  EXPECT_EQ(sound.outcome, Outcome::pass) << sound.reason;
  EXPECT_EQ(wrong.outcome, Outcome::fail);
  ASSERT_NE(first_wrong_layer(wrong), nullptr);
  EXPECT_EQ(first_wrong_layer(wrong)->name, "model.layers.1.mlp.up_proj");
  EXPECT_EQ(std::ranges::count_if(wrong.layers, [](const Layer& layer) { return layer.wrong > 0; }), 1);
  EXPECT_GT(wrong.cost.kl, 1000 * sound.cost.kl);
  // Errors begin there and not before.
  for (std::size_t i = 0; i < wrong.layers.size(); ++i) {
    const bool before = i < 1 + 7 + model::kUp;
    EXPECT_EQ(wrong.layers[i].drift < 1e-5, before) << wrong.layers[i].name;
  }
  EXPECT_NE(text_table(run).find("model.layers.1.mlp.up_proj is the first layer to leave its bound"),
            std::string::npos);
  const std::string page = write_html(run);
  EXPECT_NE(page.find("faulty: the first layer whose error leaves its bound is model.layers.1.mlp.up_proj"),
            std::string::npos);
  EXPECT_NE(page.find("<circle class=\"bad\""), std::string::npos);
}

TEST(Accuracy, ACrashLosesNoOthersResultsAndNotItsOwn) {
  MisbehavingKernel crashing("crashing"), nan("nan");
  crashing.layers = nan.layers = kTinyLinears;
  crashing.abort_after = 3 * kTinyLinears + 5;  // drift alone and together, one window
  nan.nan_after = 2 * kTinyLinears;
  std::vector<Subject> subjects = {crashing.subject(), nan.subject()};
  for (const Subject& subject : scalar()) subjects.push_back(subject);
  const accuracy::Run run = evaluate({"et_vk.q4gsw:g32"}, subjects);
  ASSERT_EQ(run.records.size(), 5U);
  EXPECT_EQ(run.records[2].outcome, Outcome::crash);
  EXPECT_NE(run.records[2].reason.find("SIGABRT"), std::string::npos);
  EXPECT_EQ(run.records[2].cost.tokens, 23);
  EXPECT_EQ(run.records[2].layers.size(), kTinyLinears + 2U);
  EXPECT_EQ(run.records[3].outcome, Outcome::fail);
  EXPECT_NE(run.records[3].reason.find("NaN"), std::string::npos);
  EXPECT_EQ(run.records[4].outcome, Outcome::pass);
  EXPECT_EQ(run.records[4].cost.tokens, 46);
}

// Without layers and without a budget nothing would say that a kernel is wrong.
TEST(Accuracy, WhatNothingJudgesIsNoPass) {
  MisbehavingKernel faulty("faulty");
  faulty.layers = kTinyLinears;
  faulty.wrong_layer = 3;
  AccuracyOptions options = quick();
  options.reading.drift_tokens = 0;
  const accuracy::Run run = evaluate({"et_vk.q4gsw:g32"}, {faulty.subject()}, options);
  ASSERT_EQ(run.records.size(), 3U);
  EXPECT_EQ(run.records[1].outcome, Outcome::pass) << run.records[1].reason;
  EXPECT_EQ(run.records[2].outcome, Outcome::vacuous);
  EXPECT_EQ(run.records[2].reason, "measured but not judged: neither layers (--layer-tokens 0) nor a budget");
  EXPECT_GT(run.records[2].cost.tokens, 0);
  EXPECT_EQ(exit_code(run), 2);
  options.budgets.most_kl = 1e9;
  EXPECT_EQ(exit_code(evaluate({"et_vk.q4gsw:g32"}, {faulty.subject()}, options)), 0);
}

TEST(Accuracy, BudgetsMakeRecordsWrong) {
  AccuracyOptions options = quick();
  options.budgets.most_kl = 1e-9;
  const accuracy::Run run = evaluate({"nncf.u8"}, scalar(), options);
  EXPECT_EQ(exit_code(run), 1);
  for (const Record& record : run.records) {
    EXPECT_EQ(record.outcome, record.kind == Kind::original ? Outcome::pass : Outcome::fail);
    EXPECT_EQ(record.reason.find("--max-kl") == record.reason.npos, record.kind == Kind::original);
  }
}

TEST(Accuracy, AStopLeavesWhatThereIs) {
  AccuracyOptions options = quick();
  int asked = 0;
  options.should_stop = [&] { return ++asked > 6; };
  options.jobs = 1;
  const accuracy::Run run = evaluate({"nncf.u8", "nncf.u4:g32"}, scalar(), options);
  EXPECT_TRUE(run.info.interrupted);
  EXPECT_EQ(exit_code(run), 2);
  ASSERT_FALSE(run.records.empty());
  EXPECT_GT(run.records[0].cost.tokens, 0);
  EXPECT_NE(write_html(run).find("was interrupted"), std::string::npos);
}

TEST(Accuracy, SaysWhichWeightASchemeDoesNotFit) {
  try {
    (void)evaluate({"nncf.u4:g48"}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--scheme 'nncf.u4:g48': model.layers.0.self_attn.q_proj: groups of 48 do not divide its 64 columns");
  }
}

TEST(Accuracy, SaysWhichWeightAnOperatorDoesNotTake) {
  try {
    (void)evaluate({"aten.int4:g16"}, {});
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("--scheme 'aten.int4:g16': model.layers.0.self_attn.q_proj: "), message.npos) << message;
    EXPECT_NE(message.find("groups that ATen has"), message.npos) << message;
  }
}

TEST(Accuracy, LlamaWithAHeadOfItsOwnAndBiases) {
  const model::TinyModel llama(
      {{"architectures", {"LlamaForCausalLM"}}, {"tie_word_embeddings", false}, {"attention_bias", true}});
  const accuracy::Run run = evaluate({"et_vk.q4gsw:g32:tied", "nncf.u4:g32:tied"}, scalar(), quick(), llama.path());
  EXPECT_EQ(exit_code(run), 0) << text_table(run);
  EXPECT_NEAR(run.records[1].model_bits, 5, 1e-12);
  EXPECT_EQ(run.records[2].layers.front().name, "model.embed_tokens");
  EXPECT_FALSE(std::isnan(run.records[2].layers.front().ratio));  // the embedding's kernel was judged
  EXPECT_TRUE(std::isnan(run.records[4].layers.front().ratio));   // NNCF's has none
}

TEST(Sensitivity, MixesKeepToTheirAverageAndRaiseWhatMatters) {
  const model::ModelFolder folder(tiny().path());
  const Scheme scheme = parse_scheme("nncf.u2:g32+nncf.u4:g32@3");
  std::vector<double> sensitivity(16, 0);
  sensitivity[5] = 1;
  const Assignment assignment = assign_by_sensitivity(scheme, folder, sensitivity);
  double bits = 0, weights = 0;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == nullptr) continue;
    const auto size = static_cast<double>(folder.linears()[i].rows * folder.linears()[i].columns);
    bits += size * assignment[i]->format->bits;
    weights += size;
  }
  EXPECT_LE(bits / weights, 3);
  EXPECT_GT(bits / weights, 2.8);
  EXPECT_EQ(assignment[5]->format->bits, 4);
  EXPECT_EQ(assignment[14], nullptr);
  const EvaluationText text = tiny_text();
  const auto measured = sensitivities(scheme, folder, std::span(text.tokens).first(24), 2);
  ASSERT_EQ(measured.size(), 16U);
  for (std::size_t i = 0; i < 14; ++i) EXPECT_GT(measured[i], 0) << i;
  EXPECT_EQ(measured[14], 0);
}

}  // namespace
}  // namespace plumb::accuracy
