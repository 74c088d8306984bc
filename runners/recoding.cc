#include "runners/recoding.h"

#include "reference/error.h"

namespace plumb {

Recoding::Recoding(const Layout& from, const Layout& to, int add) {
  PLUMB_CHECK(from.bits <= 8 && to.bits <= 8);
  for (unsigned stored = 0; stored < 1U << from.bits; ++stored) {
    const int code = from.decode(stored) + add;
    fits_[stored] = code >= to.min_code() && code <= to.max_code();
    becomes_[stored] = static_cast<std::uint8_t>(to.encode(code));
  }
}

}  // namespace plumb
