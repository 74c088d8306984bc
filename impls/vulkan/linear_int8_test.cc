// The linear kernels with an activation of eight bits, with the device's integer dot product and written out.
#include "impls/vulkan/linear_int8.h"

#include "impls/testing/abi_call.h"
#include "impls/testing/problems.h"
#include "impls/vulkan/device_under_test.h"
#include "reference/bound.h"
#include "reference/ops.h"

namespace plumb::vulkan {
namespace {

class VulkanLinearInt8 : public DeviceTest {
 protected:
  // The kernel's output for exact data, which must be the oracle's.
  static std::vector<std::byte> checked(const Kernel& kernel, const Sizes& sizes) {
    const Op& op = op_named(kernel.op);
    const Problem problem = problem_of(op, sizes, Data::exact);
    const Builtin builtin("vulkan", "", kernel);
    const plumb_impl& impl = *builtin.abi();
    void* prepared = nullptr;
    const AbiCall constants(op, problem, Stage::prepare), call(op, problem, Stage::run);
    EXPECT_EQ(impl.prepare(&impl, &constants.call, &prepared), PLUMB_OK);
    EXPECT_EQ(impl.run(&impl, &call.call, prepared), PLUMB_OK);
    impl.release(&impl, prepared);
    const Tensor got = call.result();
    const std::vector<double> want = op.evaluate(problem)[0].value;
    for (std::int64_t i = 0; i < got.size(); ++i) EXPECT_EQ(got.at(i), want[static_cast<std::size_t>(i)]) << i;
    return {got.bytes().begin(), got.bytes().end()};
  }
};

TEST_F(VulkanLinearInt8, BothWaysOfSummingAreRight) {
  for (const std::int64_t rows : {1, 4, 5, 37}) {
    const Sizes grouped = {{"M", rows}, {"K", 80}, {"N", 41}, {"group", 20}, {"bias", 1}};
    const Sizes many_groups = {{"M", rows}, {"K", 63}, {"N", 9}, {"group", 7}};
    const Sizes per_channel = {{"M", rows}, {"K", 83}, {"N", 41}, {"bias", 1}};
    std::vector<DotProduct> ways = {DotProduct::written_out};
    if (Device::at(id()).has_integer_dot_product()) ways.push_back(DotProduct::instruction);
    for (const DotProduct dot : ways) {
      checked(linear_dq8ca_q4gsw_with(id(), dot), grouped);
      checked(linear_dq8ca_q4gsw_with(id(), dot), many_groups);
      checked(linear_q8ta_q8csw_with(id(), dot), per_channel);
    }
  }
}

}  // namespace
}  // namespace plumb::vulkan
