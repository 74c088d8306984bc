// Between tensors of integer codes, one an element, and the bytes of a packed layout: what oracles of packs share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/op.h"

namespace plumb {

/// An answer of one output whose every bit is prescribed.
[[nodiscard]] Answer prescribed(std::vector<double> value);

/// The packed bytes of a tensor that holds the codes [rows, columns] as integers. Throws Error if one is out of range.
[[nodiscard]] std::vector<std::uint8_t> pack_integers(const Layout& layout, Extent extent, const Tensor& codes);

/// The codes that a tensor's memory holds in a layout.
[[nodiscard]] std::vector<double> unpack_integers(const Layout& layout, Extent extent, const Tensor& packed);

/// The values of elements of type `dtype` that lie one after the other in `bytes`.
[[nodiscard]] std::vector<double> elements(DType dtype, std::span<const std::uint8_t> bytes);

}  // namespace plumb
