// quantize_affine and dequantize_affine with scales in f64, whose products are f64 then.
#pragma once

#include "impls/builtin.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

void quantize_affine_f64(const Target& target, const Call& call);
void dequantize_affine_f64(const Target& target, const Call& call);

}  // namespace plumb::cpu
