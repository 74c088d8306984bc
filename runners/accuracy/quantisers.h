// How weights get their codes: the reference's quantisation operators, applied to a model's weights.
#pragma once

#include "runners/accuracy/formats.h"

namespace plumb::accuracy {

/// NNCF's integer quantisation (reference/quant/nncf_quantize.h), scales rounded to f16.
[[nodiscard]] QuantisedWeight quantise_nncf(const Tensor& weight, const Format& format, const Choices& choices);
/// torchao's IntxWeightOnlyConfig: choose_qparams_affine, symmetric, and quantize_affine, in f32.
[[nodiscard]] QuantisedWeight quantise_intx(const Tensor& weight, const Format& format, const Choices& choices);
/// torchao's Int4PlainInt32Tensor for XPU (reference/quant/quantize_plain_int32.h) of the weight in f16.
[[nodiscard]] QuantisedWeight quantise_plain_int32_f16(const Tensor& weight, const Format& format,
                                                       const Choices& choices);

/// torchao's tinygemm form in f32: choose_qparams_tinygemm with eps 1e-6, and quantize_tinygemm. Codes are -8 ... 7.
[[nodiscard]] QuantisedWeight quantise_tinygemm(const Tensor& weight, const Format& format, const Choices& choices);

}  // namespace plumb::accuracy
