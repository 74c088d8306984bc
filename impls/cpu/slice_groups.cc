// slice_groups: rows of bytes, copied. The C library's copy is vectorised for the machine, whatever the target.
#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

namespace plumb::cpu {
namespace {

// Output `place` from the input of the same place, whose rows are cut into pieces of `group` columns each.
void cut(const Call& call, std::size_t place, std::int64_t group) {
  const std::int64_t bytes = info(call.output_dtype(place)).size_bytes;
  const std::int64_t width = call["K"] / group * bytes, part = call["columns"] / group * bytes;
  if (call.output_count(place) == 0) return;
  const std::byte* from =
      call.input<std::byte>(place).data() + call["first_row"] * width + call["first_column"] / group * bytes;
  std::byte* to = call.output<std::byte>(place).data();
  parallel_ranges(call["rows"], call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      std::memcpy(to + row * part, from + row * width, static_cast<std::size_t>(part));
    }
  });
}

}  // namespace

Kernel slice_groups(const Target&) {
  return {"slice_groups", kExactContract, {}, [](const Call& call, void*) {
            cut(call, 0, 1);
            cut(call, 1, call["block"]);
            cut(call, 2, call["block"]);
          }};
}

}  // namespace plumb::cpu
