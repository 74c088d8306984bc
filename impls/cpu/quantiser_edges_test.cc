// Quantisers on every target that runs here, where vectors could take another side than the oracle: quotients at ties,
// and values that are no ordinary numbers.
#include <cmath>
#include <iterator>
#include <limits>

#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

constexpr auto kF16 = DType::f16, kBf16 = DType::bf16;

// Quotients at halves and next to them: what is multiplied by a reciprocal instead must not take the other side.
TEST(CpuQuantisers, TinygemmQuotientsAtTies) {
  const Op& op = op_named("quantize_tinygemm");
  for (const DType type : {DType::f32, kF16, kBf16}) {
    Problem problem = problem_of(op,
                                 {{"M", 66},
                                  {"K", 512},
                                  {"group", 16},
                                  {"quant_min", 0},
                                  {"quant_max", 15},
                                  {"type", code_of(type)},
                                  {"code", code_of(DType::u8)}},
                                 Data::spread);
    Tensor &x = problem.inputs[0], &scale = problem.inputs[1], &zero_point = problem.inputs[2];
    for (std::int64_t block = 0; block < scale.size(); ++block) {
      scale.set(block, round_to(type, 1 + static_cast<double>(block * 7919 % 2111) / 2111));
      zero_point.set(block, 8 * scale.at(block));  // then code 0 stands for 0
    }
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const double half = round_to(type, (static_cast<double>(i % 16) + 0.5) * scale.at(i / 16));
      x.set(i, round_to(type, half * (1 + static_cast<double>(i / 16 % 3 - 1) * 2 * unit_roundoff(type))));
    }
    for_each_target(quantize_tinygemm, [&](Subject& subject) {
      subject.prepare(problem);
      expect_right(subject, problem, subject.run(problem), Data::spread);
    });
  }
}

// A NaN makes its own block's parameters NaN, wherever it stands; infinities and zeros of both signs are numbers.
TEST(CpuQuantisers, RangesOfSpecialValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double special[] = {std::nan(""), kInfinity, -kInfinity, 0.0, -0.0, -std::nan("")};
  for (const MakeKernel make : {choose_qparams_affine, choose_qparams_tinygemm, quantize_plain_int4}) {
    const Op& op = op_named(make(best_target()).op);
    const bool has_codes = op.name == "quantize_plain_int4";
    for (const DType type : {DType::f32, kF16, kBf16}) {
      for (const std::int64_t group : {8, 70}) {
        Sizes sizes = {{has_codes ? "N" : "M", 71}, {"K", group}, {"group", group}};
        sizes.insert({op.name == "choose_qparams_tinygemm" ? "type" : "x", code_of(type)});
        Problem problem = problem_of(op, sizes, Data::spread);
        for (std::int64_t row = 0; row < 70; ++row) {
          problem.inputs[0].set(row * group + row % group, special[row % std::ssize(special)]);
        }
        const Answer answer = op.evaluate(problem);
        for_each_target(make, [&](Subject& subject) {
          subject.prepare(problem);
          const std::vector<Tensor> got = subject.run_all(problem);
          for (std::size_t i = 0; i < got.size(); ++i) {
            // NaN as an integer is anything.
            if (!info(got[i].dtype()).is_float) continue;
            expect_right(subject, problem, got[i], Data::spread, i, answer[i]);
          }
        });
      }
    }
  }
}

TEST(CpuQuantisers, RequantisedQuotientsAtTies) {
  for (const MakeKernel make : {q4gsw_requant, q4gsw_requant_w_4x8}) {
    Problem problem =
        problem_of(op_named(make(best_target()).op), {{"N", 65}, {"K", 512}, {"group", 64}}, Data::spread);
    Tensor &weight = problem.inputs[0], &scale = problem.inputs[1];
    for (std::int64_t i = 0; i < scale.size(); ++i) {
      scale.set(i, round_to(DType::f32, 1 + static_cast<double>(i * 7919 % 2111) / 2111));
    }
    for (std::int64_t i = 0; i < weight.size(); ++i) {
      const std::int64_t row = i / 512, group = i % 512 / 64;
      const double half = (static_cast<double>(i % 16) - 7.5) * scale.at(group * 65 + row);
      weight.set(i, round_to(DType::f32, half) * (1 + static_cast<double>(i / 16 % 3 - 1) * 0x1p-23));
    }
    for_each_target(make, [&](Subject& subject) {
      subject.prepare(problem);
      expect_right(subject, problem, subject.run(problem), Data::spread);
    });
  }
}

}  // namespace
}  // namespace plumb::cpu
