#include "impls/cpu/digit_linear.h"

#include <algorithm>

#include "impls/cpu/parallel.h"
#include "reference/error.h"

namespace plumb::cpu {
namespace {

constexpr std::int64_t kTileRows = 16;
constexpr std::int64_t kColumnsPerThread = 1 << 14;  // of all rows, that are worth a thread

// By how much of itself a number may be off; see sum_by_digits.
float tolerance(const QuadWeight& weight) {
  const std::int64_t columns = weight.segments * weight.segment;
  const std::int64_t left = (columns + kWidth - 1) / kWidth - weight.segments - 8;
  return static_cast<float>(1 + std::max<std::int64_t>(left, 0)) * 0x1p-24F;
}

}  // namespace

DigitEngine digit_engine(const Target& target, ByteProducts products) {
  PLUMB_CHECK(has_byte_products(target, products));
  return {digit_functions(target), digit_sums(target, products), products};
}

std::vector<std::int64_t> sum_by_digits(const DigitEngine& engine, const PaddedRows& x, std::int64_t rows,
                                        std::int64_t dynamic, const QuadWeight& weight, int threads, float* sums) {
  DigitRows digits(rows, weight.segments, weight.segment, dynamic == 0 ? kMostDigits : 1,
                   engine.products == ByteProducts::tiles ? kTileRows : 1);
  const std::int64_t useful = rows * weight.segments * weight.segment / kColumnsPerThread + 1;
  const float close = tolerance(weight);
  parallel_ranges(rows, static_cast<int>(std::min<std::int64_t>(threads, useful)),
                  [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t m = first; m < last; ++m) {
                      const float* row = x.data() + m * x.stride();
                      if (dynamic == 0) {
                        engine.rows.split(row, m, close, digits);
                      } else {
                        engine.rows.quantise(row, m, dynamic, digits);
                      }
                    }
                  });
  const DigitSums job{&digits, &weight, sums, weight.rows};
  parallel_ranges(weight.blocks, threads, [&](std::int64_t first, std::int64_t last) { engine.sum(job, first, last); });
  std::vector<std::int64_t> others;
  for (std::int64_t m = 0; m < rows; ++m) {
    if (digits.is_good[static_cast<std::size_t>(m)] == 0) others.push_back(m);
  }
  return others;
}

}  // namespace plumb::cpu
