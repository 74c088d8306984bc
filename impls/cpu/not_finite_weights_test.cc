#include "impls/testing/not_finite_weights.h"

#include <gtest/gtest.h>

#include "impls/cpu/kernels.h"
#include "impls/testing/prescribed.h"

namespace plumb::cpu {
namespace {

TEST(CpuNotFiniteWeights, ComeOutAsUpstreamHasThem) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    for (const MakeKernel make : {quantize_plain_int4, quantize_hqq, quantize_hqq_scale_only}) {
      const Builtin builtin("cpu." + target.name, "", make(target));
      for (const NotFiniteCase& one : kNotFiniteCases) {
        if (std::string_view(one.op) != builtin.abi()->op) continue;
        const Op& op = op_named(one.op);
        SCOPED_TRACE(target.name + " " + op.name);
        for (const Problem& problem : not_finite_weights(op, one.params)) {
          expect_prescribed(op, problem, run_through_abi(*builtin.abi(), op, problem, 3));
        }
      }
    }
  }
}

}  // namespace
}  // namespace plumb::cpu
