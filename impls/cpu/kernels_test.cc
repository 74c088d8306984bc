// The linear and the embedding kernels on every target that runs here, and the table of all kernels.
#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

constexpr auto kF16 = DType::f16, kBf16 = DType::bf16;

TEST(CpuKernels, LinearQ4gsw) {
  expect_right(linear_q4gsw, {{{"M", 1}, {"K", 7}, {"N", 1}, {"group", 7}},
                              {{"M", 3}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}},
                              {{"M", 4}, {"K", 40}, {"N", 15}, {"group", 8}, {"scale", code_of(kF16)}},
                              {{"M", 5}, {"K", 64}, {"N", 31}, {"group", 64}, {"scale", code_of(kBf16)}, {"bias", 1}},
                              {{"M", 6}, {"K", 32}, {"N", 16}, {"group", 4}, {"lead", 2}, {"x", code_of(kF16)}},
                              {{"M", 9}, {"K", 12}, {"N", 65}, {"group", 4}, {"x", code_of(kF16)}, {"bias", 1}},
                              {{"M", 1}, {"K", 256}, {"N", 32}, {"group", 128}, {"lead", 0}},
                              {{"M", 0}, {"K", 8}, {"N", 3}, {"group", 8}}});
}

TEST(CpuKernels, EmbeddingQ4gsw) {
  expect_right(embedding_q4gsw,
               {{{"M", 1}, {"K", 2}, {"N", 1}, {"group", 1}, {"lead", 0}},
                {{"M", 5}, {"K", 34}, {"N", 7}, {"group", 2}, {"index", code_of(DType::i32)}},
                {{"M", 6}, {"K", 66}, {"N", 33}, {"group", 3}, {"linear", 1}, {"lead", 2}},
                {{"M", 8}, {"K", 128}, {"N", 3}, {"group", 64}, {"scale", code_of(kF16)}},
                {{"M", 17}, {"K", 96}, {"N", 16}, {"group", 48}, {"out", code_of(kF16)}, {"linear", 1}},
                {{"M", 3}, {"K", 14}, {"N", 2}, {"group", 7}, {"scale", code_of(kBf16)}, {"lead", 3}},
                {{"M", 0}, {"K", 4}, {"N", 3}, {"group", 4}}});
}

TEST(CpuKernels, OnePreparedWeightServesAnySequenceOfRows) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    const auto problem = [&](std::int64_t rows) {
      return problem_of(subject.op(), {{"M", rows}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}}, Data::spread);
    };
    subject.prepare(problem(1));
    const Tensor first = subject.run(problem(1));
    const Tensor many = subject.run(problem(32), 3);
    EXPECT_EQ(bits_of(subject.run(problem(1))), bits_of(first));
    expect_right(subject, problem(1), first, Data::spread);
    expect_right(subject, problem(32), many, Data::spread);
  });
}

// A row has the same bits whichever rows are computed with it: tiles of four and single rows sum in one order.
TEST(CpuKernels, LinearRowsDoNotDependOnTheirNeighbours) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    const Problem five = problem_of(subject.op(), {{"M", 5}, {"K", 24}, {"N", 9}, {"group", 8}}, Data::spread);
    subject.prepare(five);
    const Tensor together = subject.run(five);
    for (std::int64_t m = 0; m < 5; ++m) {
      Problem one = problem_of(subject.op(), {{"M", 1}, {"K", 24}, {"N", 9}, {"group", 8}}, Data::spread);
      for (std::int64_t k = 0; k < 24; ++k) one.inputs[0].set(k, five.inputs[0].at(m * 24 + k));
      const Tensor alone = subject.run(one);
      for (std::int64_t n = 0; n < 9; ++n) EXPECT_EQ(alone.at(n), together.at(m * 9 + n)) << m << " " << n;
    }
  });
}

TEST(CpuKernels, NanStaysInItsRow) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    Problem problem = problem_of(subject.op(), {{"M", 6}, {"K", 36}, {"N", 33}, {"group", 12}}, Data::exact);
    problem.inputs[0].set(2 * 36 + 35, std::nan(""));
    subject.prepare(problem);
    const Tensor got = subject.run(problem);
    for (std::int64_t i = 0; i < got.size(); ++i) EXPECT_EQ(std::isnan(got.at(i)), i / 33 == 2) << i;
  });
}

TEST(CpuKernels, SubnormalsAreKeptAsTheContractSays) {
  for_each_target(embedding_q4gsw, [](Subject& subject) {
    ASSERT_FALSE(subject.contract().flushes_subnormals);
    Problem problem = problem_of(subject.op(), {{"M", 16}, {"K", 64}, {"N", 8}, {"group", 16}}, Data::spread);
    for (std::int64_t i = 0; i < problem.inputs[1].size(); ++i) {
      problem.inputs[1].set(i, std::ldexp(i + 1, -149));
    }
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::exact);
  });
}

TEST(CpuKernels, TableHasOneKernelPerOperator) {
  std::set<std::string> ops;
  for (const MakeKernel make : kKernels) EXPECT_TRUE(ops.insert(make(compiled_targets().back()).op).second);
  for (const Op& op : all_ops()) EXPECT_TRUE(ops.contains(op.name)) << op.name;
}

}  // namespace
}  // namespace plumb::cpu
