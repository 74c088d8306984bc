// A case: operator, sizes and parameters, data mode and seed. Its one-line name rebuilds it bit for bit anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reference/op.h"
#include "runners/data.h"

namespace plumb {

struct Probe;

/// One concrete question: this operator, on these data.
struct Case {
  const Op* op;
  Signature signature;
  const DataMode* mode;
  std::uint64_t seed;
  const Probe* probe = nullptr;  ///< What is tried on it beyond one call (see probe.h); null: nothing.
};

/// "linear_q4gsw[M=3,K=256,N=40,group=64,x=f16,bias]/spread#7". Parameters at their default value are left out; flags
/// are bare words; element types are words. A probe is written behind it, as in "…/bounded#7+threads".
[[nodiscard]] std::string to_string(const Case& test_case);

/// Inverse of to_string; the order of sizes and parameters is free. Throws Error naming the part that is wrong.
[[nodiscard]] Case parse_case(std::string_view name);

/// The inputs of a case.
[[nodiscard]] Problem make_problem(const Case& test_case);

}  // namespace plumb
