// Is a text what it claims to be? Reports write names and notes into JSON and HTML, which must be UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace plumb::golden {

/// True for well-formed UTF-8: no stray or missing continuation byte, overlong form, surrogate or code point past
/// U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text for a terminal, whatever file it quotes: control characters but line ends, and where it is not UTF-8 all
/// bytes beyond ASCII, as "\x1b".
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace plumb::golden
