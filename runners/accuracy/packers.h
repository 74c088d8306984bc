// Quantised weights as the constant inputs of the operators that multiply with them.
#pragma once

#include "runners/accuracy/formats.h"

namespace plumb::accuracy {

[[nodiscard]] PackedWeight pack_matmul_compressed(const QuantisedWeight& weight, const Format& format,
                                                  const Choices& choices);
[[nodiscard]] PackedWeight pack_linear_q4gsw(const QuantisedWeight& weight, const Format& format,
                                             const Choices& choices);
[[nodiscard]] PackedWeight pack_linear_dq8ca_q4gsw(const QuantisedWeight& weight, const Format& format,
                                                   const Choices& choices);
[[nodiscard]] PackedWeight pack_linear_qcs4w(const QuantisedWeight& weight, const Format& format,
                                             const Choices& choices);
[[nodiscard]] PackedWeight pack_linear_int4_plain_int32(const QuantisedWeight& weight, const Format& format,
                                                        const Choices& choices);
[[nodiscard]] PackedWeight pack_weight_int4pack_mm(const QuantisedWeight& weight, const Format& format,
                                                   const Choices& choices);
/// A table shared with linear_q4gsw: the low nibble is the even column.
[[nodiscard]] PackedWeight pack_embedding_q4gsw(const QuantisedWeight& weight);

}  // namespace plumb::accuracy
