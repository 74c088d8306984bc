#include "runners/diagnose.h"

#include <gtest/gtest.h>

#include "reference/layout/layouts.h"
#include "reference/layout/wrong_variants.h"
#include "reference/ops.h"
#include "runners/execute.h"

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

TEST(Diagnose, LeavesLargeProblemsAlone) {
  const Question question = ask(parse_case("linear_q4gsw[M=64,K=1024,N=64,group=32]/bounded#3"));
  EXPECT_EQ(diagnosis_of(question, with_other_codes(question, "nibbles swapped")), "");
}

}  // namespace
}  // namespace plumb
