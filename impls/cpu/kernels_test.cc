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

// Groups that fit vectors and that do not, one row of activation and many, columns beyond a tile.
TEST(CpuKernels, LinearQ4gswOfLongRows) {
  expect_right(linear_q4gsw, {{{"M", 1}, {"K", 1664}, {"N", 9}, {"group", 128}},
                              {{"M", 5}, {"K", 1600}, {"N", 17}, {"group", 32}, {"bias", 1}},
                              {{"M", 100}, {"K", 800}, {"N", 8}, {"group", 80}},
                              {{"M", 2}, {"K", 808}, {"N", 7}, {"group", 8}}});
}

TEST(CpuKernels, LinearQ4gswBackward) {
  expect_right(linear_q4gsw_backward, {{{"M", 1}, {"K", 8}, {"N", 1}, {"group", 8}},
                                       {{"M", 3}, {"K", 40}, {"N", 33}, {"group", 20}, {"x", code_of(kF16)}},
                                       {{"M", 4}, {"K", 96}, {"N", 130}, {"group", 32}, {"lead", 2}},
                                       {{"M", 7}, {"K", 24}, {"N", 16}, {"group", 4}, {"scale", code_of(kBf16)}},
                                       {{"M", 0}, {"K", 8}, {"N", 3}, {"group", 8}}});
}

TEST(CpuKernels, LinearQcs4w) {
  expect_right(linear_qcs4w, {{{"M", 1}, {"K", 2}, {"N", 1}},
                              {{"M", 5}, {"K", 34}, {"N", 9}, {"codes", 1}},
                              {{"M", 2}, {"K", 160}, {"N", 33}, {"x", code_of(kF16)}, {"lead", 3}},
                              {{"M", 1}, {"K", 1030}, {"N", 16}, {"codes", 1}}});
}

TEST(CpuKernels, LinearInt4PlainInt32) {
  const std::int64_t i8 = code_of(DType::i8), npu = 1;
  expect_right(
      linear_int4_plain_int32,
      {{{"M", 1}, {"K", 8}, {"N", 1}, {"group", 8}},
       {{"M", 3}, {"K", 64}, {"N", 9}, {"group", 32}, {"bias", 1}, {"act_pre_scale", 1}},
       {{"M", 4}, {"K", 40}, {"N", 17}, {"group", 20}, {"x", code_of(kF16)}, {"zero", i8}, {"bias", 1}},
       {{"M", 1}, {"K", 136}, {"N", 8}, {"group", 136}, {"device", npu}, {"zero", code_of(kBf16)}, {"bias", 1}},
       {{"M", 6},
        {"K", 96},
        {"N", 40},
        {"group", 48},
        {"x", code_of(kF16)},
        {"device", npu},
        {"zero", code_of(kF16)},
        {"offset", 1},
        {"act_pre_scale", 1},
        {"lead", 2}}});
}

TEST(CpuKernels, MatmulCompressed) {
  expect_right(
      matmul_compressed,
      {{{"M", 1}, {"K", 9}, {"N", 7}, {"group", 9}, {"type", 1}, {"zero_codes", 1}},
       {{"M", 3}, {"K", 64}, {"N", 9}, {"group", 32}, {"type", 0}, {"zero_codes", 1}},
       {{"M", 1}, {"K", 300}, {"N", 8}, {"group", 300}, {"type", 0}, {"zero_point", 1}, {"zeros", 1}},
       {{"M", 5}, {"K", 24}, {"N", 3}, {"group", 12}, {"type", 2}, {"scales", 1}, {"zero_codes", 1}, {"zeros", 1}},
       {{"M", 2}, {"K", 144}, {"N", 17}, {"group", 48}, {"type", 3}, {"zero_point", 1}},
       {{"M", 3}, {"K", 48}, {"N", 9}, {"group", 16}, {"type", 1}, {"zero_codes", 1}, {"x", code_of(kF16)}},
       {{"M", 1}, {"K", 80}, {"N", 16}, {"group", 16}, {"type", 4}, {"scale", code_of(kF16)}},
       {{"M", 4}, {"K", 11}, {"N", 5}, {"group", 11}, {"type", 0}},
       {{"M", 3}, {"K", 32}, {"N", 2}, {"group", 16}, {"type", 1}, {"zero_point", 1}, {"zero", code_of(kBf16)}}});
}

TEST(CpuKernels, MatmulCompressedQuantisesActivations) {
  const Sizes sizes = {{"M", 3}, {"K", 96}, {"N", 9}, {"group", 48}, {"type", 1}, {"dynamic", 32}, {"zero_codes", 1}};
  for_each_target(matmul_compressed, [&](Subject& subject) {
    Problem problem = problem_of(subject.op(), sizes, Data::spread);
    for (std::int64_t k = 32; k < 64; ++k) problem.inputs[0].set(k, 0);  // a group without a scale
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::spread);
    EXPECT_EQ(bits_of(subject.run(problem, 3, 1)), bits_of(subject.run(problem)));
  });
}

TEST(CpuKernels, WeightInt4packMm) {
  const std::int64_t avx2 = 1, any = 2;
  expect_right(
      weight_int4pack_mm,
      {{{"M", 1}, {"K", 32}, {"N", 16}, {"group", 32}},
       {{"M", 3}, {"K", 64}, {"N", 80}, {"group", 32}, {"bias", 1}, {"act_pre_scale", 1}, {"x", code_of(kF16)}},
       {{"M", 5}, {"K", 128}, {"N", 64}, {"group", 64}, {"isa", avx2}, {"x", code_of(kBf16)}, {"bias", 1}},
       {{"M", 1}, {"K", 256}, {"N", 112}, {"group", 256}, {"isa", any}, {"act_pre_scale", 1}}});
}

// Zero points need not be whole numbers; nor is what the padding of a row is multiplied by ever infinite.
TEST(CpuKernels, ZeroPointsAreRoundedAsTheContractSays) {
  for_each_target(matmul_compressed, [](Subject& subject) {
    const Sizes sizes = {
        {"M", 2}, {"K", 20}, {"N", 9}, {"group", 20}, {"type", 3}, {"zero_point", 1}, {"zero", code_of(DType::f32)}};
    Problem problem = problem_of(subject.op(), sizes, Data::spread);
    for (std::int64_t n = 0; n < 9; ++n) {
      problem.inputs[4].set(n, static_cast<double>(n) * 28.1 + 0.1);
      for (std::int64_t k = 0; k < 20; ++k)
        problem.inputs[1].set(n * 20 + k, std::floor(static_cast<double>(n) * 28.1));
    }
    problem.inputs[2].set(8, 0x1.8p126);
    problem.inputs[4].set(8, 224);
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::spread);
    EXPECT_EQ(subject.run(problem).at(8), 0);
  });
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
