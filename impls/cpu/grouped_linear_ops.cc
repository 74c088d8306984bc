// The operators that are grouped linear layers.

#include "impls/cpu/aten_rows.h"
#include "impls/cpu/grouped_linear.h"
#include "impls/cpu/kernels.h"
#include "impls/quantised_rows.h"

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
Kernel linear_intx(const Target& target) { return grouped_linear("linear_intx", target, read_linear_intx); }
Kernel linear_dynamic_intx(const Target& target) {
  return grouped_linear(
      "linear_dynamic_intx", target,
      with_quantised_rows({choose_qparams_affine(target), quantize_affine(target), dequantize_affine(target)}));
}
Kernel dyn_quant_matmul_4bit(const Target& target) {
  return grouped_linear("dyn_quant_matmul_4bit", target, [quantise = aten_rows_of(target)](const Call& prepared) {
    LinearSource source = read_dyn_quant_matmul_4bit(prepared);
    source.activation = [quantise](const Call& call) { return aten_quantised_rows(call, quantise); };
    return source;
  });
}

}  // namespace plumb::cpu
