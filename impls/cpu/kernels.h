// Which CPU kernels are there? Each is compiled once per target; cpu.cc makes one implementation of each pair.
#pragma once

#include "impls/builtin.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

[[nodiscard]] Kernel pack_uint4(const Target& target);
[[nodiscard]] Kernel unpack_uint4(const Target& target);
[[nodiscard]] Kernel linear_q4gsw(const Target& target);
[[nodiscard]] Kernel embedding_q4gsw(const Target& target);
[[nodiscard]] Kernel pack_q4gsw(const Target& target);
[[nodiscard]] Kernel unpack_q4gsw(const Target& target);
[[nodiscard]] Kernel group_sums(const Target& target);
[[nodiscard]] Kernel align_width(const Target& target);
[[nodiscard]] Kernel transpose_scales_aligned(const Target& target);
[[nodiscard]] Kernel repack_embedding(const Target& target);
[[nodiscard]] Kernel pack_q4_linear_weight(const Target& target);
[[nodiscard]] Kernel pack_w_4x8(const Target& target);
[[nodiscard]] Kernel pack_q8_linear_weight(const Target& target);
[[nodiscard]] Kernel pack_int4_transposed(const Target& target);
[[nodiscard]] Kernel q4gsw_requant(const Target& target);
[[nodiscard]] Kernel q4gsw_requant_w_4x8(const Target& target);

/// The table of all of them.
using MakeKernel = Kernel (*)(const Target&);
inline constexpr MakeKernel kKernels[] = {
    pack_uint4,
    unpack_uint4,
    linear_q4gsw,
    embedding_q4gsw,
    pack_q4gsw,
    unpack_q4gsw,
    group_sums,
    align_width,
    transpose_scales_aligned,
    repack_embedding,
    pack_q4_linear_weight,
    pack_w_4x8,
    pack_q8_linear_weight,
    pack_int4_transposed,
    q4gsw_requant,
    q4gsw_requant_w_4x8,
};

/// The contract of kernels that move integers, where nothing is rounded.
inline constexpr plumb_contract kExactContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 0, 0, 1};

}  // namespace plumb::cpu
