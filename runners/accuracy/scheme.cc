#include "runners/accuracy/scheme.h"

#include <fmt/format.h>

#include <charconv>

#include "reference/error.h"
#include "reference/names.h"

namespace plumb::accuracy {
namespace {

constexpr std::int64_t kLargestGroup = 1 << 20;

[[noreturn]] void refuse(std::string_view text, const std::string& what) {
  throw Error(fmt::format("--scheme '{}': {}", text, what));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t parse_group(std::string_view text, const Format& format, const std::string& option) {
  const auto group = number<std::int64_t>(std::string_view(option).substr(1));
  if (!group || *group < 1 || *group > kLargestGroup) {
    refuse(text, fmt::format("expected a group like g128, got '{}'", option));
  }
  if (!format.groups) refuse(text, fmt::format("{} has one scale a row, and no groups", format.name));
  return *group;
}

Part parse_part(std::string_view text, const std::string& words, bool* tied) {
  const std::vector<std::string> options = split(words, ':');
  Part part{nullptr, {}};
  try {
    part.format = &format_named(options[0]);
  } catch (const Error& error) {
    refuse(text, error.what());
  }
  part.choices.group = part.format->default_group;
  for (std::size_t i = 1; i < options.size(); ++i) {
    const std::string& option = options[i];
    if (option == "asym") {
      if (!part.format->may_be_asymmetric) refuse(text, fmt::format("{} has no choice of zero points", options[0]));
      part.choices.asymmetric = true;
    } else if (option == "tied") {
      *tied = true;
    } else if (option == "row") {
      part.choices.group = 0;
    } else if (option.starts_with('g') && option.size() > 1) {
      part.choices.group = parse_group(text, *part.format, option);
    } else {
      refuse(text, fmt::format("'{}' is no option; expected gN (a group of N columns), row, asym or tied; nearest: {}",
                               option, nearest_names(option, {"g128", "row", "asym", "tied"})));
    }
  }
  return part;
}

}  // namespace

Scheme parse_scheme(std::string_view text) {
  const std::vector<std::string> mix = split(text, '@'), parts = split(mix[0], '+');
  Scheme scheme{std::string(text), {}};
  scheme.part = parse_part(text, parts[0], &scheme.tied);
  if (parts.size() == 1 && mix.size() == 1) return scheme;
  if (parts.size() != 2 || mix.size() != 2) {
    refuse(text, "expected FORMAT, or LOWER+HIGHER@BITS for a mix with so many bits a weight on average");
  }
  scheme.better = parse_part(text, parts[1], &scheme.tied);
  const int low = scheme.part.format->bits, high = scheme.better->format->bits;
  if (low >= high) refuse(text, fmt::format("expected the format of fewer bits first, got {} and {}", low, high));
  const auto bits = number<double>(mix[1]);
  if (!bits || !(*bits >= low && *bits <= high)) {
    refuse(text, fmt::format("expected an average from {} to {} bits, got '{}'", low, high, mix[1]));
  }
  scheme.average_bits = *bits;
  return scheme;
}

const std::vector<std::string>& default_schemes() {
  static const std::vector<std::string> names = {"nncf.u2:g64", "torchao.int4_plain_int32:g128", "et_vk.q4gsw:g32",
                                                 "et_vk.dq8ca_q4gsw:g32"};
  return names;
}

}  // namespace plumb::accuracy
