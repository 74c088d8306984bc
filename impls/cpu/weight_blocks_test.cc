// Blocks of weights so large that they are written past the caches, on every target that runs here.
#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

// Vectors that are whole cache lines side by side go there as they are made, others by way of a buffer: memory begins
// at a multiple of 16 bytes, so that lines begin with it in one of the cases.
TEST(CpuWeightBlocks, GoPastTheCachesWhereverTheirLinesBegin) {
  const Op& op = op_named("pack_q8_linear_weight");
  for (const std::int64_t rows : {1024, 1032}) {
    const Problem problem = problem_of(op, {{"N", rows}, {"K", 1028}}, Data::exact);
    Tensor want = Subject(best_target(), pack_q8_linear_weight).run(problem);
    const Expected expected = op.evaluate(problem)[0];
    for (std::int64_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(want.at(i), expected.value[static_cast<std::size_t>(i)]) << rows << " rows, element " << i;
    }
    for_each_target(pack_q8_linear_weight, [&](Subject& subject) {
      for (const std::size_t misalignment : {0U, 1U, 16U, 32U, 48U}) {
        EXPECT_TRUE(bits_of(subject.run(problem, 2, misalignment)) == bits_of(want)) << rows << ", " << misalignment;
      }
    });
  }
}

}  // namespace
}  // namespace plumb::cpu
