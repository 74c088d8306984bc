// Sums over K in which columns are missing or counted more than once, and weights rounded before they are multiplied.

#include <fmt/format.h>

#include <algorithm>

#include "reference/kernel/sum_stand_in.h"
#include "runners/diagnosis/mistake.h"
#include "runners/products.h"

namespace plumb {
namespace {

// How often column k counts, of `columns`.
using Count = std::function<int(std::int64_t k, std::int64_t columns)>;

class CountedColumns : public SumStandIn {
 public:
  explicit CountedColumns(const Count& count) : count_(count) {}
  void change_activation(Matrix& x) override {
    for (std::int64_t k = 0; k < x.cols(); ++k) x.col(k) *= count_(k, x.cols());
  }

 private:
  const Count& count_;
};

Mistake counted(std::string sentence, Count count) {
  return {std::move(sentence), [count = std::move(count)](const Op& op, const Problem& problem) {
            const CountedColumns stand_in(count);
            return op.evaluate(problem);
          }};
}

class RoundedWeight : public SumStandIn {
 public:
  explicit RoundedWeight(DType dtype) : dtype_(dtype) {}
  void change_weight(Matrix& code, Matrix& scale) override {
    scale = code.cwiseProduct(scale).unaryExpr([this](double w) { return round_to(dtype_, w); });
    code.setOnes();
  }

 private:
  DType dtype_;
};

class ShiftedCodes : public SumStandIn {
 public:
  explicit ShiftedCodes(double by) : by_(by) {}
  void change_weight(Matrix& code, Matrix& /*scale*/) override { code.array() += by_; }

 private:
  double by_;
};

Mistake shifted_codes(std::string sentence, double by) {
  return {std::move(sentence), [by](const Op& op, const Problem& problem) {
            const ShiftedCodes stand_in(by);
            return op.evaluate(problem);
          }};
}

void add_tails(Mistakes& mistakes, std::int64_t columns, std::int64_t tile) {
  const std::int64_t tail = columns % tile, whole = columns - tail;
  if (tail == 0) return;
  mistakes.push_back(counted(fmt::format("last {} columns of K missing: those beyond whole tiles of {}", tail, tile),
                             [=](std::int64_t k, std::int64_t) { return k < whole ? 1 : 0; }));
  mistakes.push_back(
      counted(fmt::format("K tail counted twice: columns {} … {}, beyond whole tiles of {}", whole, columns - 1, tile),
              [=](std::int64_t k, std::int64_t) { return k < whole ? 1 : 2; }));
  if (whole == 0) return;
  // What the last tile holds beyond K is what the tile before left there.
  mistakes.push_back(counted(
      fmt::format(
          "last tile of K read {} wide though {} columns are left: columns {} … {} of the tile before count twice",
          tile, tail, whole - tile + tail, whole - 1),
      [=](std::int64_t k, std::int64_t) { return k >= whole - tile + tail && k < whole ? 2 : 1; }));
}

// Parts of `part` columns, each read in tiles of `tile`, so that it runs into those behind it.
void add_overlapping_parts(Mistakes& mistakes, std::int64_t columns, std::int64_t part, std::int64_t tile) {
  if (part <= 0 || part >= columns || part % tile == 0) return;
  mistakes.push_back(counted(
      fmt::format("parts of {} columns (split K) read in tiles of {}: columns behind a part are counted with it, too",
                  part, tile),
      [=](std::int64_t k, std::int64_t) {
        int count = 0;
        for (std::int64_t first = 0; first < columns && first <= k; first += part) {
          count += k < first + (part + tile - 1) / tile * tile ? 1 : 0;
        }
        return count;
      }));
}

}  // namespace

Mistakes sum_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  if (op.arithmetic != Arithmetic::accumulated) return mistakes;
  const std::int64_t columns = products_of_element(op, problem.signature);
  if (columns < 2) return mistakes;
  mistakes.push_back(counted("last product missing: column K - 1",
                             [](std::int64_t k, std::int64_t all) { return k == all - 1 ? 0 : 1; }));
  mistakes.push_back(
      counted("first product missing: column 0", [](std::int64_t k, std::int64_t) { return k == 0 ? 0 : 1; }));
  mistakes.push_back(counted("second half of K missing: only one of two parts arrives",
                             [](std::int64_t k, std::int64_t all) { return k < all / 2 ? 1 : 0; }));
  mistakes.push_back(counted("first half of K missing: only one of two parts arrives",
                             [](std::int64_t k, std::int64_t all) { return k < all / 2 ? 0 : 1; }));
  for (const std::int64_t tile : {4, 8, 16, 32, 64, 128}) add_tails(mistakes, columns, tile);
  const std::int64_t group = op.param("group") == nullptr ? 0 : problem.signature["group"];
  for (const std::int64_t tile : {8, 16, 32, 64}) {
    for (const std::int64_t part : {group, columns / 2, columns / 4})
      add_overlapping_parts(mistakes, columns, part, tile);
  }
  mistakes.push_back(shifted_codes("codes one too large, as if 7 were subtracted instead of 8", 1));
  mistakes.push_back(shifted_codes("codes one too small, as if 9 were subtracted instead of 8", -1));
  mistakes.push_back(shifted_codes("codes 8 too large: the offset is not subtracted", 8));
  for (const DType dtype : {DType::f16, DType::bf16}) {
    mistakes.push_back({fmt::format("weights rounded to {} before they are multiplied", to_string(dtype)),
                        [dtype](const Op& of, const Problem& right) {
                          const RoundedWeight stand_in(dtype);
                          return of.evaluate(right);
                        }});
  }
  return mistakes;
}

}  // namespace plumb
