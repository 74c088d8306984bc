// How a layout is got wrong: plausible mistakes, derived mechanically from its declaration. Diagnosis tries them on a
// wrong output; `plumb ops NAME` lists them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/layout/layout.h"

namespace plumb {

/// A layout as a kernel that made one mistake takes it to be.
struct WrongVariant {
  std::string
      sentence;  ///< What a kernel author can act on: "nibbles swapped: w[0,0] is in the low nibble of byte 0 …".
  /// The mistaken declaration, good for one extent. A position in byte < 0 means that the element is not looked at.
  Layout layout;
  int misread_by = 0;  ///< Added to every code, beside the layout's encoding.
};

/// The mistakes that change where or as what a code of a weight of this extent is found, and stay inside its bytes.
/// No two of them are the same. Takes time proportional to the number of codes.
[[nodiscard]] std::vector<WrongVariant> wrong_variants(const Layout& layout, Extent extent);

/// The bytes that the mistaken kernel writes: codes wrap round, elements it does not look at leave zeros.
[[nodiscard]] std::vector<std::uint8_t> pack(const WrongVariant& variant, Extent extent, std::span<const int> codes);
/// The codes that the mistaken kernel reads, maybe outside the layout's range; 0 for those it does not look at.
[[nodiscard]] std::vector<int> unpack(const WrongVariant& variant, Extent extent, std::span<const std::uint8_t> bytes);

}  // namespace plumb
