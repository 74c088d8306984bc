// What codes become on the way from one packed layout to another.
#pragma once

#include <array>
#include <cstdint>

#include "reference/layout/layout.h"

namespace plumb {

/// Codes of one layout plus a constant, as codes of another: by the bits that are stored, for each of the up to 256.
class Recoding {
 public:
  Recoding(const Layout& from, const Layout& to, int add);

  /// Whether what is stored becomes a code that the other layout has.
  [[nodiscard]] bool fits(unsigned stored) const { return fits_[stored]; }
  /// The bits to store; those of the code modulo 2^bits where it does not fit.
  [[nodiscard]] unsigned operator()(unsigned stored) const { return becomes_[stored]; }

 private:
  std::array<std::uint8_t, 256> becomes_{};
  std::array<bool, 256> fits_{};
};

}  // namespace plumb
