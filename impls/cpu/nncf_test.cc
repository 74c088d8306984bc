// NNCF's operators on every CPU target that runs here, through the ABI, against the oracle.
#include <gtest/gtest.h>

#include "impls/cpu/kernels.h"
#include "impls/testing/nncf_cases.h"

namespace plumb::cpu {
namespace {

void for_each_target(MakeKernel make, const std::function<void(const plumb_impl&)>& body) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE("cpu." + target.name);
    const Builtin builtin("cpu." + target.name, "", make(target));
    body(*builtin.abi());
  }
}

void expect_right(MakeKernel make, const std::vector<Sizes>& cases) {
  for_each_target(make, [&](const plumb_impl& impl) {
    const Op& op = op_named(impl.op);
    for_each_problem(op, cases, [&](const Problem& problem) {
      for (const int threads : {1, 3}) expect_prescribed(op, problem, run_through_abi(impl, op, problem, threads));
    });
  });
}

TEST(CpuNncf, CompressConstants) { expect_right(nncf_compress_constants, nncf_compress_cases()); }

TEST(CpuNncf, Decompress) { expect_right(nncf_decompress, nncf_decompress_cases()); }

TEST(CpuNncf, Quantize) { expect_right(nncf_quantize, nncf_quantize_cases()); }

TEST(CpuNncf, WhatIsNotFiniteStaysInItsGroup) {
  for_each_target(nncf_quantize, [](const plumb_impl& impl) {
    for (const DType code : {DType::i8, DType::u8}) {
      const Problem problem = nncf_not_finite(code);
      expect_prescribed(op_named(impl.op), problem, run_through_abi(impl, op_named(impl.op), problem));
    }
  });
}

// More than one chunk, so that threads really share the work.
TEST(CpuNncf, SeveralChunks) {
  expect_right(nncf_compress_constants, {{{"R", 1000}, {"columns", 101}, {"bits", 8}}});
  expect_right(nncf_decompress, {{{"R", 1000}, {"columns", 101}, {"asym", 1}}});
}

TEST(CpuNncf, FractionsAreCutOff) {
  for_each_target(nncf_compress_constants, [](const plumb_impl& impl) {
    expect_prescribed(op_named(impl.op), nncf_fractions(), run_through_abi(impl, op_named(impl.op), nncf_fractions()));
  });
}

TEST(CpuNncf, CodesOutOfRangeAreRefusedAndNothingIsWritten) {
  for_each_target(nncf_compress_constants, [](const plumb_impl& impl) {
    const AbiResult result = run_through_abi(impl, op_named(impl.op), nncf_code_out_of_range());
    EXPECT_EQ(result.status, PLUMB_BAD_ARGUMENT);
    EXPECT_TRUE(result.is_untouched);
  });
}

}  // namespace
}  // namespace plumb::cpu
