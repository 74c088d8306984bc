// y[m, k] = code[indices[m], k] * scale[indices[m], k / group], one f32 product an element.

#include "property_tests/faults/kernels.h"

namespace plumb::faults {
namespace {

enum Input : std::size_t { kWeight, kScales, kIndices };

struct Prepared {
  std::vector<std::uint8_t> weight;
  std::vector<float> scales;
};

class Embedding {
 public:
  Embedding(const Call& call, const Prepared& prepared, Mutation mutation)
      : call_(call),
        prepared_(prepared),
        mutation_(mutation),
        columns_(call["K"]),
        table_rows_(call["N"]),
        group_(call["group"]),
        linear_(call["linear"] != 0) {}

  void run() const {
    const Output y(call_, columns_, mutation_);
    const std::vector<std::int64_t> indices = call_.input_as_i64(kIndices);
    for (std::int64_t m = 0; m < call_["M"]; ++m) {
      std::int64_t row = indices[static_cast<std::size_t>(m)];
      if (mutation_ == Mutation::row_off_by_one) row = std::min(row + 1, table_rows_ - 1);
      for (std::int64_t k = 0; k < columns_; ++k) y.set(m, k, element(row, k));
    }
  }

 private:
  [[nodiscard]] float element(std::int64_t row, std::int64_t k) const {
    const bool even_is_low = linear_ || mutation_ == Mutation::layout_flag_ignored;
    const std::uint8_t byte = prepared_.weight[static_cast<std::size_t>((row * columns_ + k) / 2)];
    const auto code = static_cast<float>(decode(byte, (k % 2 == 0) != even_is_low, mutation_));
    return rounded(code * scale(row, k), mutation_);
  }

  [[nodiscard]] float scale(std::int64_t row, std::int64_t k) const {
    const std::int64_t group = group_of(k, group_, columns_, mutation_);
    const bool transposed = mutation_ == Mutation::scales_transposed;
    return prepared_
        .scales[static_cast<std::size_t>(transposed ? group * table_rows_ + row : row * (columns_ / group_) + group)];
  }

  const Call& call_;
  const Prepared& prepared_;
  Mutation mutation_;
  std::int64_t columns_, table_rows_, group_;
  bool linear_;
};

std::shared_ptr<void> prepare(const Call& call) {
  const auto weight = call.input<std::uint8_t>(kWeight);
  return std::make_shared<Prepared>(Prepared{{weight.begin(), weight.end()}, call.input_as_f32(kScales)});
}

constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

}  // namespace

Kernel embedding_q4gsw(Mutation mutation) {
  return {"embedding_q4gsw", kContract, prepare, [mutation](const Call& call, void* prepared) {
            Embedding(call, *static_cast<const Prepared*>(prepared), mutation).run();
            misbehave(call, call["M"] > 16 && call["N"] < 3, mutation);
          }};
}

}  // namespace plumb::faults
