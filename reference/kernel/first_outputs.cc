#include "reference/kernel/first_outputs.h"

#include <algorithm>
#include <limits>

namespace plumb {
namespace {

thread_local std::int64_t wanted = std::numeric_limits<std::int64_t>::max();

}  // namespace

FirstOutputs::FirstOutputs(std::int64_t count) : outer_(wanted) { wanted = count; }

FirstOutputs::~FirstOutputs() { wanted = outer_; }

std::int64_t FirstOutputs::of(std::int64_t outputs) { return std::min(outputs, wanted); }

}  // namespace plumb
