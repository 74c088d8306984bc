#include "runners/diagnose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "reference/layout/layouts.h"
#include "reference/layout/wrong_variants.h"
#include "reference/ops.h"
#include "runners/execute.h"
#include "runners/plan.h"
#include "runners/products.h"

namespace plumb {
namespace {

// What a kernel writes that reads the port's codes with a mistake, given that the right codes are turned into others
// before a right kernel sees them.
std::vector<Tensor> outputs_of(const Question& question, const Answer& answer) {
  std::vector<Tensor> outputs;
  for (const Form& form : output_forms(*question.op, question.problem.signature)) {
    Tensor& tensor = outputs.emplace_back(form.dtype, form.shape);
    const std::vector<double>& value = answer[outputs.size() - 1].value;
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, value[static_cast<std::size_t>(i)]);
  }
  return outputs;
}

std::string diagnosis_of(const Question& question, const std::vector<Tensor>& outputs) {
  return diagnose(question, Contract{}, outputs, std::byte{0xFF});
}

std::vector<Tensor> with_other_codes(const Question& question, const std::string& variant_words) {
  Problem problem = question.problem;
  const Port& port = question.op->inputs[1];
  const Layout& layout = layout_of(port, problem.signature);
  const Extent extent = extent_of(problem.signature);
  for (const WrongVariant& variant : wrong_variants(layout, extent)) {
    if (variant.sentence.find(variant_words) == std::string::npos) continue;
    const auto packed = pack(layout, extent, unpack(variant, extent, problem.inputs[1].codes()));
    std::ranges::copy(packed, problem.inputs[1].codes().begin());
  }
  return outputs_of(question, question.op->evaluate(problem));
}

TEST(Diagnose, NamesTheMistakeThatExplainsAnOutput) {
  const Question question = ask(parse_case("linear_q4gsw[M=3,K=52,N=6,group=4]/bounded#3"));
  for (const char* words : {"nibbles swapped", "rows 2i and 2i + 1 swapped", "stride without padding",
                            "last partial block missing: columns 48 … 51", "read as two's complement"}) {
    const std::string text = diagnosis_of(question, with_other_codes(question, words));
    EXPECT_NE(text.find(std::string("et_vk.q4gsw ")), std::string::npos) << words << ": " << text;
    EXPECT_NE(text.find(words), std::string::npos) << words << ": " << text;
  }
}

TEST(Diagnose, NamesNothingWhereNoMistakeExplainsTheOutput) {
  const Question question = ask(parse_case("linear_q4gsw[M=3,K=52,N=6,group=4]/bounded#3"));
  std::vector<Tensor> outputs = with_other_codes(question, "nibbles swapped");
  outputs[0].set(4, outputs[0].at(4) + 1);
  EXPECT_EQ(diagnosis_of(question, outputs), "");
  EXPECT_EQ(diagnosis_of(question, outputs_of(question, question.expected)), "");
}

TEST(Diagnose, SeesPackedOutputsToo) {
  const Question question = ask(parse_case("pack_w_4x8[N=8,K=16]/exact#1"));
  const Extent extent = extent_of(question.problem.signature);
  std::vector<Tensor> outputs = outputs_of(question, question.expected);
  std::vector<std::uint8_t> bytes;
  for (const std::byte byte : outputs[0].bytes()) bytes.push_back(static_cast<std::uint8_t>(byte));
  const Layout& layout = layout_of(question.op->outputs[0], question.problem.signature);
  const auto other = pack(layout_named("et_vk.q4_linear_kc"), extent, unpack(layout, extent, bytes));
  std::ranges::copy(std::as_bytes(std::span(other)), outputs[0].bytes().begin());
  const std::string text = diagnosis_of(question, outputs);
  EXPECT_NE(text.find("a byte taken to hold rows 4 apart; they are neighbours"), std::string::npos) << text;
}

// What a kernel writes that sees other inputs.
std::string text_for(const char* name, const std::function<void(const Op&, Problem&)>& change) {
  const Question question = ask(parse_case(name));
  Problem problem = question.problem;
  change(*question.op, problem);
  return diagnosis_of(question, outputs_of(question, question.op->evaluate(problem)));
}

TEST(Diagnose, NamesWhatIsDoneToInputs) {
  const std::string scales = text_for("linear_q4gsw[M=3,K=48,N=6,group=12]/bounded#3", [](const Op&, Problem& problem) {
    Tensor& t = problem.inputs[2];
    for (std::int64_t i = t.size() - 1; i >= 6; --i) t.set(i, t.at(i - 6));
  });
  EXPECT_EQ(scales, "weight_scales of group g - 1 taken for group g");
  const std::string bias =
      text_for("linear_q4gsw[M=3,K=48,N=6,group=12,bias]/exact#3", [](const Op&, Problem& problem) {
        Tensor& t = problem.inputs[3];
        for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, 2 * t.at(i));
      });
  EXPECT_NE(bias.find("bias added twice"), std::string::npos) << bias;
}

TEST(Diagnose, SaysWhereAMistakeIsMadeInSomePlacesOnly) {
  const Question question = ask(parse_case("linear_q4gsw[M=5,K=48,N=6,group=12,bias]/bounded#3"));
  std::vector<Tensor> outputs = outputs_of(question, question.expected);
  for (std::int64_t i = 4 * 6; i < outputs[0].size(); ++i) {
    outputs[0].set(i, outputs[0].at(i) + question.problem.inputs[3].at(i % 6));
  }
  EXPECT_EQ(diagnosis_of(question, outputs),
            "bias added twice, but only where the wrong elements are: all at M = 4 (of 5), the last partial tile of 4");
}

TEST(Diagnose, NamesElementsThatWereNeverWritten) {
  const Question question = ask(parse_case("linear_q4gsw[M=2,K=48,N=6,group=12]/bounded#3"));
  std::vector<Tensor> outputs = outputs_of(question, question.expected);
  for (const std::size_t flat : {5U, 11U}) std::ranges::fill(outputs[0].bytes().subspan(4 * flat, 4), std::byte{0xFF});
  EXPECT_EQ(diagnosis_of(question, outputs), "never written: all at N = 5 (of 6)");
}

// Each output summed up in order with every partial sum rounded.
TEST(Diagnose, InfersANarrowAccumulator) {
  const Question question = ask(parse_case("linear_q4gsw[M=4,K=64,N=8,group=32]/bounded#3"));
  const std::vector<double> x = [&] {
    std::vector<double> values;
    for (std::int64_t i = 0; i < question.problem.inputs[0].size(); ++i)
      values.push_back(question.problem.inputs[0].at(i));
    return values;
  }();
  const Layout& layout = layout_of(question.op->inputs[1], question.problem.signature);
  const std::vector<int> codes =
      unpack(layout, extent_of(question.problem.signature), question.problem.inputs[1].codes());
  std::vector<Tensor> outputs = outputs_of(question, question.expected);
  for (std::int64_t i = 0; i < outputs[0].size(); ++i) {
    double sum = 0;
    for (std::int64_t k = 0; k < 64; ++k) {
      const double weight =
          codes[static_cast<std::size_t>(i % 8 * 64 + k)] * question.problem.inputs[2].at(k / 32 * 8 + i % 8);
      sum = round_to(DType::f16, sum + round_to(DType::f16, x[static_cast<std::size_t>(i / 8 * 64 + k)] * weight));
    }
    outputs[0].set(i, sum);
  }
  EXPECT_EQ(diagnosis_of(question, outputs),
            "computes with a f16 accumulator over all 64 products; the contract says f32");
}

TEST(Diagnose, ShowsWhereTheWrongElementsAre) {
  const Question question = ask(parse_case("linear_q4gsw[M=3,K=48,N=6,group=12]/bounded#3"));
  std::vector<Tensor> outputs = outputs_of(question, question.expected);
  EXPECT_TRUE(heat_of(question, Contract{}, outputs).empty());
  outputs[0].set(1 * 6 + 4, 1e6);
  EXPECT_EQ(heat_of(question, Contract{}, outputs), (std::vector<std::string>{"000000", "000090", "000000"}));
}

// Mistakes are made for any description, whatever sizes it has: that of a wrong output of zeros ends no process.
TEST(Diagnose, KnowsEveryOperatorsSizes) {
  for (const Op& op : all_ops()) {
    const std::vector<Case> plan = plan_cases(op, 0);
    const auto products = [](const Case& test_case) {
      const std::int64_t count = product_count(*test_case.op, test_case.signature);
      return count <= 1 << 13 ? count : 0;
    };
    const auto small = std::ranges::max_element(plan, {}, products);
    ASSERT_TRUE(small != plan.end() && products(*small) > 0) << op.name;
    SCOPED_TRACE(to_string(*small));
    const Question question = ask(*small);
    std::vector<Tensor> outputs;
    for (const Form& form : output_forms(op, question.problem.signature)) outputs.emplace_back(form.dtype, form.shape);
    EXPECT_NO_THROW((void)diagnose(question, Contract{}, outputs, std::byte{0xA5}));
  }
}

TEST(Diagnose, LeavesLargeProblemsAlone) {
  const Question question = ask(parse_case("linear_q4gsw[M=64,K=1024,N=64,group=32]/bounded#3"));
  EXPECT_EQ(diagnosis_of(question, with_other_codes(question, "nibbles swapped")), "");
}

}  // namespace
}  // namespace plumb
