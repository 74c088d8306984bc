#include "runners/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "impls/vulkan/device.h"
#include "reference/error.h"
#include "runners/where.h"

namespace plumb {
namespace {

double ratio_of(double got, double want, double bound, bool accepted) {
  const double error = std::abs(got - want);
  if (accepted && !(error <= bound)) return 0;  // equal NaNs or infinities
  if (bound > 0 && std::isfinite(error)) return error / bound;
  return accepted ? 0 : std::numeric_limits<double>::infinity();
}

}  // namespace

bool holds_poison(const Tensor& tensor, std::int64_t flat, std::byte poison) {
  const auto size = static_cast<std::size_t>(info(tensor.dtype()).size_bytes);
  const auto element = tensor.bytes().subspan(static_cast<std::size_t>(flat) * size, size);
  if (std::ranges::all_of(element, [&](std::byte byte) { return byte == poison; })) return true;
  std::uint32_t word = 0;
  if (size != sizeof word) return false;
  std::memcpy(&word, element.data(), size);
  return word == vulkan::Device::kPoison;
}

void Judgement::add(const Judgement& other) {
  elements += other.elements;
  wrong += other.wrong;
  unwritten += other.unwritten;
  unjudged += other.unjudged;
  if (!worst || (other.worst && other.worst->ratio > worst->ratio)) worst = other.worst;
  if (pattern.empty()) pattern = other.pattern;
}

bool acceptable(double got, double want, double bound, DType dtype) {
  if (std::isnan(want)) return std::isnan(got);
  // The bound may reach across zero, so the infinity may be of either sign.
  if (std::isinf(got)) return got == want || got == round_to(dtype, want + std::copysign(bound, got));
  return std::abs(got - want) <= bound;  // false for NaN
}

Judgement judge(const Port& port, const Signature& signature, const Tensor& got, const std::vector<double>& want,
                const std::vector<double>& bounds, std::byte poison) {
  PLUMB_CHECK(static_cast<std::size_t>(got.size()) == want.size() && want.size() == bounds.size());
  Judgement result;
  result.elements = got.size();
  Where where(got.shape(), axis_names(port, signature));
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool open = std::isnan(want[at]) && !info(got.dtype()).is_float;
    if (open || std::isinf(bounds[at])) {
      ++result.unjudged;
      continue;
    }
    const double value = got.at(i);
    const bool accepted = acceptable(value, want[at], bounds[at], got.dtype());
    const double ratio = ratio_of(value, want[at], bounds[at], accepted);
    if (!accepted) {
      ++result.wrong;
      if (holds_poison(got, i, poison)) ++result.unwritten;
      where.add(unravel(i, got.shape()));
    }
    if (!result.worst || ratio > result.worst->ratio) {
      result.worst = Worst{port.name, unravel(i, got.shape()), value, want[at], bounds[at], ratio};
    }
  }
  if (result.wrong > 0) result.pattern = where.describe();
  return result;
}

std::string describe(const Judgement& judgement) {
  if (judgement.wrong == 0) return "";
  if (judgement.wrong == judgement.elements) return "every element is wrong";
  return "wrong elements lie " + (judgement.pattern.empty() ? "all over the output" : judgement.pattern);
}

bool same_bits(const Tensor& a, const Tensor& b, std::span<const double> want) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (std::ranges::equal(a.bytes(), b.bytes())) return true;
  const bool is_float = info(a.dtype()).is_float;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.at(i), y = b.at(i);
    const bool both_nan = std::isnan(x) && std::isnan(y);
    const bool open = !is_float && !want.empty() && std::isnan(want[static_cast<std::size_t>(i)]);
    if (!open && !both_nan && (x != y || std::signbit(x) != std::signbit(y))) return false;
  }
  return true;
}

}  // namespace plumb
