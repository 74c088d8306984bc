// Which CPU kernels are there? Each is compiled once per target; cpu.cc makes one implementation of each pair.
#pragma once

#include "impls/builtin.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

[[nodiscard]] Kernel pack_uint4(const Target& target);
[[nodiscard]] Kernel unpack_uint4(const Target& target);
[[nodiscard]] Kernel linear_q4gsw(const Target& target);
[[nodiscard]] Kernel embedding_q4gsw(const Target& target);
[[nodiscard]] Kernel choose_qparams_affine(const Target& target);
[[nodiscard]] Kernel choose_qparams_tinygemm(const Target& target);
[[nodiscard]] Kernel quantize_affine(const Target& target);
[[nodiscard]] Kernel dequantize_affine(const Target& target);
[[nodiscard]] Kernel quantize_tinygemm(const Target& target);
[[nodiscard]] Kernel dequantize_tinygemm(const Target& target);

/// The table of all of them.
using MakeKernel = Kernel (*)(const Target&);
inline constexpr MakeKernel kKernels[] = {
    pack_uint4,
    unpack_uint4,
    linear_q4gsw,
    embedding_q4gsw,
    choose_qparams_affine,
    quantize_affine,
    dequantize_affine,
    choose_qparams_tinygemm,
    quantize_tinygemm,
    dequantize_tinygemm,
};

/// The contract of kernels that move integers, where nothing is rounded.
inline constexpr plumb_contract kExactContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

}  // namespace plumb::cpu
