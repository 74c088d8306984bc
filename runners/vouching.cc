#include "runners/vouching.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "runners/products.h"
#include "runners/sensitivity.h"

namespace plumb {
namespace {

constexpr int kElements = 20;
// Each element that is changed takes a copy of the inputs, and the oracle once more: elements and products.
constexpr std::int64_t kMostWork = std::int64_t{1} << 20;

void add_rows(const Case& test_case, std::vector<std::vector<std::string>>& rows) {
  const std::string name = to_string(test_case);
  std::int64_t work = product_count(*test_case.op, test_case.signature);
  for (const Port& port : test_case.op->inputs) {
    if (is_present(port, test_case.signature)) work += element_count(shape_of(port, test_case.signature));
  }
  if (work > kMostWork) {
    rows.push_back({name, "(all)", "not looked at: too large"});
    return;
  }
  const Question question = ask(test_case);
  for (const std::string& input : changeable_inputs(*test_case.op, question.problem)) {
    const double share = sensitivity(question, *test_case.mode, input, kElements);
    rows.push_back({name, input, fmt::format("{} of {}", std::lround(share * kElements), kElements)});
  }
}

}  // namespace

Table vouching_table(const std::vector<Case>& cases) {
  Table table{
      "What these data can show",
      "Of some elements of each input, changed by one step one at a time, how many would have moved an output past "
      "its bound (on exact data: changed its bits). A kernel that reads only those that would not may be wrong "
      "and pass.",
      {"case", "input", "elements that show"},
      {}};
  for (const Case& test_case : cases) {
    if (test_case.probe == nullptr) add_rows(test_case, table.rows);
  }
  return table;
}

}  // namespace plumb
