#include "golden/utf8.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

namespace plumb::golden {

bool is_utf8(std::string_view text) {
  // Smallest code point that needs this many bytes.
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const auto length = static_cast<std::size_t>(std::countl_one(lead));
    if (length < 2 || length > 4 || length > text.size() - i) return false;
    std::uint32_t code_point = lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code_point = code_point << 6 | (next & 0x3f);
    }
    if (code_point < kSmallest[length] || code_point > 0x10ffff || (code_point >> 11) == 0x1b) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  const bool is_whole = is_utf8(text);
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_control = (byte < 0x20 && c != '\n') || byte == 0x7f;
    if (is_control || (byte >= 0x80 && !is_whole)) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace plumb::golden
