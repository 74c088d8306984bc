#include "reports/json_number.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kQuietNan = 0x7ff8000000000000;
static_assert(std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN()) == kQuietNan);

}  // namespace

nlohmann::ordered_json number_to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits == kQuietNan) return "nan";
  return fmt::format("nan:{:016x}", bits);
}

std::optional<double> number_from_word(const std::string& word) {
  if (word == "inf") return kInfinity;
  if (word == "-inf") return -kInfinity;
  if (word == "nan") return std::bit_cast<double>(kQuietNan);
  constexpr std::size_t kPrefix = 4;
  if (word.size() != kPrefix + 16 || !word.starts_with("nan:")) return std::nullopt;
  std::uint64_t bits = 0;
  const char* end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data() + kPrefix, end, bits, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  const auto value = std::bit_cast<double>(bits);
  return std::isnan(value) ? std::optional(value) : std::nullopt;
}

}  // namespace plumb
