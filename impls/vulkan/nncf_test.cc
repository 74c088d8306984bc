// NNCF's operators on a device, through the ABI, against the oracle.
#include "impls/testing/nncf_cases.h"
#include "impls/vulkan/device_under_test.h"
#include "impls/vulkan/vulkan.h"

namespace plumb::vulkan {
namespace {

const plumb_impl& impl_of(std::string_view op) {
  static const Builtins impls = [] {
    Builtins all;
    append_vulkan_impls(all);
    return all;
  }();
  const auto found = std::ranges::find_if(impls, [&](const auto& impl) { return impl->abi()->op == op; });
  return *(*found)->abi();
}

class VulkanNncf : public DeviceTest {
 protected:
  static void expect_right(const std::string& name, const std::vector<Sizes>& cases) {
    const Op& op = op_named(name);
    for_each_problem(op, cases, [&](const Problem& problem) {
      expect_prescribed(op, problem, run_through_abi(impl_of(name), op, problem));
    });
  }
};

TEST_F(VulkanNncf, CompressConstants) { expect_right("nncf_compress_constants", nncf_compress_cases()); }

TEST_F(VulkanNncf, Decompress) { expect_right("nncf_decompress", nncf_decompress_cases()); }

TEST_F(VulkanNncf, Quantize) { expect_right("nncf_quantize", nncf_quantize_cases()); }

TEST_F(VulkanNncf, WhatIsNotFiniteStaysInItsGroup) {
  const Op& op = op_named("nncf_quantize");
  for (const DType code : {DType::i8, DType::u8}) {
    const Problem problem = nncf_not_finite(code);
    expect_prescribed(op, problem, run_through_abi(impl_of(op.name), op, problem));
  }
}

TEST_F(VulkanNncf, FractionsAreCutOff) {
  const Op& op = op_named("nncf_compress_constants");
  expect_prescribed(op, nncf_fractions(), run_through_abi(impl_of(op.name), op, nncf_fractions()));
}

TEST_F(VulkanNncf, CodesOutOfRangeAreRefusedAndNothingIsWritten) {
  const Op& op = op_named("nncf_compress_constants");
  const AbiResult result = run_through_abi(impl_of(op.name), op, nncf_code_out_of_range());
  EXPECT_EQ(result.status, PLUMB_BAD_ARGUMENT);
  EXPECT_TRUE(result.is_untouched);
}

}  // namespace
}  // namespace plumb::vulkan
