#include "runners/explain.h"

#include <gtest/gtest.h>

#include "reference/ops.h"
#include "runners/case.h"

namespace plumb {
namespace {

TEST(Explain, ListsEveryOperator) {
  for (const Op& op : all_ops()) EXPECT_NE(list_ops().find(op.name + " "), std::string::npos);
}

TEST(Explain, ShowsEverySizeParameterPortAndConstraint) {
  for (const Op& op : all_ops()) {
    const std::string text = explain_op(op);
    for (const Size& size : op.sizes) EXPECT_NE(text.find(size.meaning), std::string::npos) << size.name;
    for (const Param& param : op.params) EXPECT_NE(text.find(param.meaning), std::string::npos) << param.name;
    for (const Port& port : op.inputs) EXPECT_NE(text.find("[" + port.shape + "]"), std::string::npos) << port.name;
    for (const Constraint& constraint : op.constraints) EXPECT_NE(text.find(constraint.formula), std::string::npos);
    EXPECT_NE(text.find(op.source), std::string::npos);
  }
}

TEST(Explain, EndsWithACaseThatWorks) {
  for (const Op& op : all_ops()) {
    const std::string text = explain_op(op);
    const std::size_t start = text.rfind("plumb check '") + 13, end = text.rfind('\'');
    const std::string name = text.substr(start, end - start);
    EXPECT_EQ(to_string(parse_case(name)), name);
  }
}

TEST(Explain, DrawsTheLayoutOfTheLinearsWeight) {
  const std::string text = explain_op(op_named("linear_q4gsw"));
  EXPECT_NE(text.find("     0 | w[0,1]    | w[0,0]"), std::string::npos);
  EXPECT_NE(text.find("     3 | pad       | pad"), std::string::npos);
  EXPECT_NE(text.find("how it is got wrong\n    nibbles swapped: w[0,0] is in the low nibble"), std::string::npos);
}

TEST(Explain, HasAPictureForEveryLayoutOfEveryOperator) {
  std::size_t linear = 0, embedding = 0;
  for (const LayoutPicture& picture : layout_pictures()) {
    linear += picture.op == "linear_q4gsw" ? 1 : 0;
    embedding += picture.op == "embedding_q4gsw" ? 1 : 0;
    EXPECT_NE(picture.ascii.find(picture.layout), std::string::npos);
  }
  EXPECT_EQ(linear, 1U);
  EXPECT_EQ(embedding, 2U);
}

}  // namespace
}  // namespace plumb
