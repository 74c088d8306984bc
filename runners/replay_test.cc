#include "runners/replay.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden/draft.h"
#include "reference/error.h"
#include "reference/testing/error_of.h"
#include "runners/golden_bindings/no_operators.h"

namespace plumb {
namespace {

const std::filesystem::path kGolden = PLUMB_SOURCE_DIR "/golden";

plumb::Run replay(const std::filesystem::path& path, const std::string& impl, const std::string& op = "*",
                  const std::string& cases = "*") {
  std::vector<Subject> subjects;
  if (impl != "upstream") subjects = select_subjects(builtin_subjects(), op, impl);
  const std::vector<Unit> units = replay_units({{path}, op, cases}, subjects);
  return run_units(units, describe_run(units, "test", 0), {.jobs = 2});
}

std::set<std::string> names_of(const plumb::Run& run, Outcome outcome) {
  std::set<std::string> names;
  for (const Record& record : run.records) {
    if (record.outcome == outcome) names.insert(record.case_name);
  }
  return names;
}

// One shader reads one scale for four columns, so groups of two come out wrong; another reads sums of the activation at
// the stride of another group's size. These records, and no other.
TEST(Replay, FailsExactlyTheRecordedDefects) {
  std::set<std::string> expected = {"executorch/shader_dq8ca.h5:dq8ca_m2_k128_n12_g32",
                                    "executorch/shader_dq8ca.h5:dq8ca_m3_k192_n8_g96",
                                    "executorch/shader_dq8ca.h5:dq8ca_m6_k512_n8_g256"};
  for (const char* storage : {"buffer", "flat", "texture2d"}) {
    for (const char* scale : {"float16", "float32"}) {
      for (const char* output : {"float", "half"}) {
        if (std::string(storage) == "texture2d" && std::string(output) == "half") continue;
        expected.insert(std::string("executorch/shader_run.h5:emb_") + storage + "_v9_d64_g2_i3_" + scale + "_" +
                        output);
      }
    }
  }
  // Groups that OpenVINO's kernel has no block for: the graph as it stands is right even there.
  for (const char* name :
       {"group_i4_zero_none_m2_n16_k120_g40", "group_u2_zero_2_m1_n48_k192_g96", "group_u2_zero_packed_m2_n16_k160_g80",
        "group_u4_zero_none_m3_n32_k160_g80", "group_u4_zero_packed_m1_n16_k96_g48"}) {
    for (const char* output : {"y", "y_dynamic_quantization"}) {
      expected.insert(std::string("openvino/ov_matmul.h5:") + name + "/" + output);
    }
  }
  const plumb::Run run = replay(kGolden, "upstream");
  EXPECT_EQ(names_of(run, Outcome::xfail), expected);
  EXPECT_EQ(names_of(run, Outcome::fail), std::set<std::string>{});
}

TEST(Replay, PassesEverySoundRecordOnEveryImplementation) {
  const plumb::Run run = replay(kGolden, "*");
  std::map<std::string, int> passed;
  for (const Record& record : run.records) {
    if (record.outcome == Outcome::pass) ++passed[record.op];
    EXPECT_TRUE(record.outcome == Outcome::pass || record.outcome == Outcome::skip || record.outcome == Outcome::xfail)
        << record.impl << " " << record.case_name << ": " << record.reason;
  }
  EXPECT_GE(passed["pack_uint4"], 14 + 16);
  EXPECT_GE(passed["linear_dq8ca_q4gsw"], 22 + 19);
  EXPECT_GE(passed["linear_q8ta_q8csw"], 5 + 4);
  EXPECT_GE(passed["unpack_uint4"], 10 + 10);
  EXPECT_GE(passed["matmul_compressed"], 3 * 81 - 10);
  EXPECT_GE(passed["linear_int4_plain_int32"], 48 + 2 * 20);
  EXPECT_GE(passed["weight_int4pack_mm"], 3 * (21 + 18));
  EXPECT_GE(passed["linear_qcs4w"], 5 + 5);
  EXPECT_GE(passed["linear_q4gsw_backward"], 4 + 3);
  EXPECT_GE(passed["pack_plain_int32"], 30 + 30);
  EXPECT_GE(passed["unpack_plain_int32"], 30 + 30);
  EXPECT_GE(passed["pack_uintx"], 70 + 72);
  EXPECT_GE(passed["unpack_uintx"], 64 + 64);
  EXPECT_GE(passed["pack_aten_int4"], 3 * (14 + 18 + 21 + 21));
  EXPECT_GE(passed["unpack_aten_int4"], 3 * (14 + 14 + 21 + 21));
  EXPECT_GE(passed["pack_dyn_quant_4bit"], 16 + 17);
  EXPECT_GE(passed["pack_int4"], 10 + 12);
  EXPECT_GE(passed["unpack_int4"], 10 + 10);
  EXPECT_GE(passed["unpack_uint2"], 5 + 5);
  EXPECT_GE(passed["onnx_pack_4bit"], 6 + 9);
  EXPECT_GE(passed["onnx_pack_int4_blocks"], 10 + 10);
  EXPECT_GE(passed["ov_unpack"], 430 + 430);
  EXPECT_GE(passed["ov_pack"], 75 + 75);
  EXPECT_GE(passed["linear_q4gsw"], 38 + 41);
  EXPECT_GE(passed["embedding_q4gsw"], 104 + 114);
  EXPECT_GE(passed["pack_q4gsw"], 23 + 33);  // upstream refuses ten
  EXPECT_GE(passed["group_sums"], 12 + 13);
  EXPECT_GE(passed["align_width"], 6 + 6);
  EXPECT_GE(passed["pack_q4_linear_weight"], 15 + 15);
  EXPECT_GE(passed["pack_w_4x8"], 25 + 25);
  EXPECT_GE(passed["pack_q8_linear_weight"], 4 + 4);
  EXPECT_GE(passed["pack_int4_transposed"], 3 + 3);
  EXPECT_GE(passed["q4gsw_requant"], 10 + 11);
  EXPECT_GE(passed["q4gsw_requant_w_4x8"], 3 + 3);
  EXPECT_GE(passed["nncf_compress_constants"], 80 + 90);
  EXPECT_GE(passed["nncf_decompress"], 80 + 80);
  EXPECT_GE(passed["nncf_quantize"], 59 + 61);
  EXPECT_GE(passed["choose_qparams_affine"], 146 + 150);
  EXPECT_GE(passed["quantize_affine"], 58 + 62);
  EXPECT_GE(passed["dequantize_affine"], 72 + 74);
  EXPECT_GE(passed["quantize_plain_int4"], 31 + 31);
  EXPECT_GE(passed["quantize_hqq"], 25 + 27 + 27 + 27);  // upstream raises for two
  EXPECT_GE(passed["quantize_hqq_scale_only"], 18 + 18);
  EXPECT_GE(passed["pack_plain_int4"], 31 + 31);
  EXPECT_GE(passed["unpack_plain_int4"], 31 + 31);
  EXPECT_GE(passed["compute_error"], 27 + 27);
  EXPECT_GE(passed["adamw_step"], 1 + 1);
  EXPECT_GE(passed["linear_weight_gradient"], 2 + 2);
  EXPECT_GE(passed["linear_intx"], 12 + 9 + 12 + 9);
  EXPECT_GE(passed["linear_dynamic_intx"], 45 + 45);
  EXPECT_GE(passed["dyn_quant_matmul_4bit"], 25 + 33);  // upstream refuses eight
  EXPECT_GE(passed["q8ta_linear"], 16 + 16);
  for (const char* op : {"q8ta_conv2d", "q8ta_relu", "q8ta_add", "q8ta_pixel_shuffle"}) {
    EXPECT_GE(passed[op], 3 + 3) << op;
  }
  for (const char* op : {"choose_qparams_tinygemm", "quantize_tinygemm", "dequantize_tinygemm"}) {
    EXPECT_GE(passed[op], 6 + 6) << op;  // and 27 of Int4OpaqueTensor, but for the last
  }
}

// Graphs, models and declarations are no operators, and say who judges them. Everything else has one.
TEST(Replay, SaysOfWhatIsNoOperatorWhoJudgesIt) {
  std::set<std::string> expected, found;
  for (const NoOperator& known : all_no_operators())
    expected.insert(fmt::format("{}: {}", known.golden_op, known.reason));
  for (const Record& record : replay(kGolden, "upstream").records) {
    EXPECT_NE(record.op, "(no operator yet)") << record.reason;
    if (record.op == "(no operator)") found.insert(record.reason);
  }
  EXPECT_EQ(found, expected);
  const auto points_to = [&](const std::string& op, const std::string& command) {
    const auto reason = no_operator_reason(op);
    return reason && reason->find("'plumb " + command) != std::string::npos;
  };
  EXPECT_TRUE(points_to("executorch.fuse_patterns", "rewrite verify'"));
  EXPECT_TRUE(points_to("openvino.rewrite_decompression", "rewrite verify'"));
  EXPECT_TRUE(points_to("model.perplexity", "accuracy'"));
}

// A golden pack_uint4 case, with or without its packed byte right, and with what is recorded about it.
class ReplayDraft : public testing::Test {
 protected:
  std::filesystem::path write(std::uint8_t packed, double max_abs_error = 0) {
    const std::filesystem::path path = folder_ / "draft.h5";
    golden::Draft draft(path);
    const std::uint8_t codes[] = {3, 9};
    draft.text("/cases/a", "op", "openvino.nncf_pack_uint4");
    draft.dataset("/cases/a/inputs/tensor", H5T_NATIVE_UINT8, {2}, codes);
    draft.dataset("/cases/a/outputs/packed", H5T_NATIVE_UINT8, {1, 1}, &packed);
    draft.attribute("/cases/a", "max_abs_error", H5T_NATIVE_DOUBLE, {}, &max_abs_error);
    return path;
  }

  golden::TemporaryFolder folder_;
};

TEST_F(ReplayDraft, AnOperationThatNobodyKnowsIsNamed) {
  const std::filesystem::path path = folder_ / "draft.h5";
  {
    golden::Draft draft(path);
    const std::uint8_t codes[] = {3, 9};
    draft.text("/cases/a", "op", "openvino.frobnicate");
    draft.dataset("/cases/a/inputs/tensor", H5T_NATIVE_UINT8, {2}, codes);
    draft.dataset("/cases/a/outputs/packed", H5T_NATIVE_UINT8, {1}, codes);
  }
  const plumb::Run run = replay(path, "upstream");
  ASSERT_EQ(run.records.size(), 1U);
  EXPECT_EQ(run.records[0].outcome, Outcome::skip);
  EXPECT_EQ(run.records[0].reason, "no operator yet for openvino.frobnicate");
}

TEST_F(ReplayDraft, ARecordThatLacksATensorIsRefusedByName) {
  const std::filesystem::path path = folder_ / "draft.h5";
  {
    golden::Draft draft(path);
    const std::uint8_t bytes[] = {3, 9};
    draft.text("/cases/a", "op", "torchao.Int4PlainInt32Tensor.from_hp.xpu");
    draft.dataset("/cases/a/outputs/packed_bytes", H5T_NATIVE_UINT8, {1, 2}, bytes);
  }
  const std::string error = error_of([&] { (void)replay(path, "upstream"); });
  EXPECT_NE(error.find("draft.h5:a: expected a tensor 'qdata', found packed_bytes"), std::string::npos) << error;
}

TEST_F(ReplayDraft, ARightRecordPasses) {
  for (const Record& record : replay(write(0x93), "cpu.scalar").records) EXPECT_EQ(record.outcome, Outcome::pass);
}

TEST_F(ReplayDraft, AWrongRecordIsAFalseAlarmOrAnUnknownDefect) {
  const plumb::Run run = replay(write(0x39), "cpu.scalar");
  ASSERT_EQ(run.records.size(), 2U);
  EXPECT_EQ(run.records[0].impl, "upstream");
  EXPECT_EQ(run.records[0].outcome, Outcome::fail);
  EXPECT_NE(run.records[0].reason.find("false alarm"), std::string::npos);
  EXPECT_EQ(run.records[1].outcome, Outcome::fail) << "our implementation differs from what is recorded as right";
}

TEST_F(ReplayDraft, AWrongRecordThatSaysSoIsAnExpectedFailure) {
  const plumb::Run run = replay(write(0x39, 90), "cpu.scalar");
  ASSERT_EQ(run.records.size(), 2U);
  EXPECT_EQ(run.records[0].outcome, Outcome::xfail);
  EXPECT_EQ(run.records[1].outcome, Outcome::pass) << "no implementation imitates a defect";
}

TEST_F(ReplayDraft, ARecordThatSaysItIsWrongMustBeFoundWrong) {
  const plumb::Run run = replay(write(0x93, 90), "upstream");
  EXPECT_EQ(run.records.at(0).outcome, Outcome::fail);
  EXPECT_NE(run.records.at(0).reason.find("found nothing wrong"), std::string::npos);
}

// A record of a conversion to several element types is one replay for each.
TEST(Replay, EveryOutputOfARecordIsReplayed) {
  const plumb::Run run = replay(kGolden / "openvino/ov_elements.h5", "upstream", "ov_unpack", "u3_count_5");
  const std::string name = "openvino/ov_elements.h5:u3_count_5/";
  EXPECT_EQ(names_of(run, Outcome::pass),
            (std::set<std::string>{name + "f32", name + "f16", name + "i32", name + "i8", name + "u8"}));
  EXPECT_EQ(run.records.size(), 5U);
}

// The constant's f8e8m0 code 0 was flushed to zero; the parameter's is 2^-127, as the type has it.
TEST(Replay, TheUnflushedOutputOfTwoIsReplayed) {
  const plumb::Run run = replay(kGolden / "openvino/ov_elements.h5", "upstream", "ov_unpack", "f8e8m0_all_bytes");
  const std::string name = "openvino/ov_elements.h5:f8e8m0_all_bytes/";
  EXPECT_EQ(names_of(run, Outcome::pass), (std::set<std::string>{name + "f32_parameter", name + "f16"}));
}

TEST(Replay, WhatUpstreamRefusesIsRefused) {
  const plumb::Run run = replay(kGolden / "executorch/embedding_q4gsw.h5", "cpu.scalar", "*", "index_*");
  ASSERT_EQ(run.records.size(), 2U);
  for (const Record& record : run.records) EXPECT_EQ(record.outcome, Outcome::pass) << record.reason;
}

TEST(Replay, SaysWhereItAcceptsMoreThanUpstream) {
  const plumb::Run run = replay(kGolden / "executorch/linear_q4gsw.h5", "cpu.scalar", "*", "q4gsw_half_input");
  ASSERT_EQ(run.records.size(), 1U);
  EXPECT_EQ(run.records[0].outcome, Outcome::skip);
  EXPECT_NE(run.records[0].reason.find("upstream's reference refuses"), std::string::npos);
}

TEST(Replay, NothingToReplayIsAnError) {
  const golden::TemporaryFolder empty;
  EXPECT_THROW((void)replay(empty / ".", "upstream"), Error);
  EXPECT_THROW((void)replay(kGolden / "openvino/nncf_pack.h5", "upstream", "*", "no_such_case"), Error);
}

}  // namespace
}  // namespace plumb
