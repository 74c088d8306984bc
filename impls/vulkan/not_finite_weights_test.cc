#include "impls/testing/not_finite_weights.h"

#include "impls/testing/prescribed.h"
#include "impls/vulkan/device_under_test.h"
#include "impls/vulkan/vulkan.h"

namespace plumb::vulkan {
namespace {

class VulkanNotFiniteWeights : public DeviceTest {};

TEST_F(VulkanNotFiniteWeights, ComeOutAsUpstreamHasThem) {
  Builtins impls;
  append_vulkan_impls(impls);
  for (const auto& impl : impls) {
    for (const NotFiniteCase& one : kNotFiniteCases) {
      if (std::string_view(one.op) != impl->abi()->op) continue;
      const Op& op = op_named(one.op);
      SCOPED_TRACE(op.name);
      for (const Problem& problem : not_finite_weights(op, one.params)) {
        expect_prescribed(op, problem, run_through_abi(*impl->abi(), op, problem));
      }
    }
  }
}

}  // namespace
}  // namespace plumb::vulkan
