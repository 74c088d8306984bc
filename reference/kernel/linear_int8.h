// Linear layers that multiply an activation of eight bits with a low-bit weight, in integers.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = input_scales[m] * sum_g weight_scales[g, n] * S[m, g, n] + bias[n], where with the codes c of the weight
///   S[m, g, n] = sum_(k in g) q[m, k] c[n, k] - input_zp[m] * weight_sums[g, n]    in integers, exactly,
///   q[m, k] = clamp(rne(x[m, k] * (1/input_scales[m])) + input_zp[m], -128, 127)   reciprocal and product in f32.
/// x: [M..., K]; input_scales, input_zp: [M...]; weights: et_vk.q4gsw; weight_sums: [K/group, N padded to 8], of which
/// what lies beyond N is not read; weight_scales: [K/group, N]. weight_sums have to be the sums of the codes of each
/// group (see group_sums): a kernel may make them itself.
///
/// An activation whose quotient lies so near a half that one of the two roundings in f32 decides may be rounded either
/// way; both outcomes are right for the outputs of its row (Expected::steps), and nothing in between is.
///
/// activation = float is what upstream's Python reference and its shader for one row compute instead: x is multiplied
/// as it is, and scales, zero points and sums of the activation are ignored.
/// Source: ExecuTorch 1.5.1, backends/vulkan: et_vk::linear_dq8ca_q4gsw and its shaders.
Op linear_dq8ca_q4gsw();

/// The same with one scale and one zero point for all of x, and weights [N, K] of eight bits with one scale a row:
///   y[m, n] = input_scale * weight_scales[n] * (sum_k q[m, k] weights[n, k] - input_zp * weight_sums[n]) + bias[n].
/// weight_sums: [N padded to 4].
/// Source: ExecuTorch 1.5.1, backends/vulkan: et_vk::linear_q8ta_q8csw.
Op linear_q8ta_q8csw();

}  // namespace plumb
