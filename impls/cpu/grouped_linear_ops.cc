// The operators that are grouped linear layers.

#include "impls/cpu/grouped_linear.h"
#include "impls/cpu/kernels.h"

namespace plumb::cpu {

Kernel linear_q4gsw(const Target& target) { return grouped_linear("linear_q4gsw", target, read_linear_q4gsw); }
Kernel linear_qcs4w(const Target& target) { return grouped_linear("linear_qcs4w", target, read_linear_qcs4w); }
Kernel linear_int4_plain_int32(const Target& target) {
  return grouped_linear("linear_int4_plain_int32", target, read_linear_int4_plain_int32);
}
Kernel matmul_compressed(const Target& target) {
  return grouped_linear("matmul_compressed", target, read_matmul_compressed);
}
Kernel weight_int4pack_mm(const Target& target) {
  return grouped_linear("weight_int4pack_mm", target, read_weight_int4pack_mm);
}

}  // namespace plumb::cpu
