#include "runners/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference/error.h"

namespace plumb {
namespace {

double ratio_of(double got, double want, double bound, bool accepted) {
  const double error = std::abs(got - want);
  if (accepted && !(error <= bound)) return 0;  // equal NaNs or infinities
  if (bound > 0 && std::isfinite(error)) return error / bound;
  return accepted ? 0 : std::numeric_limits<double>::infinity();
}

bool holds_poison(const Tensor& tensor, std::int64_t flat, std::byte poison) {
  const auto size = static_cast<std::size_t>(info(tensor.dtype()).size_bytes);
  return std::ranges::all_of(tensor.bytes().subspan(static_cast<std::size_t>(flat) * size, size),
                             [&](std::byte byte) { return byte == poison; });
}

// The smallest and largest index of the wrong elements along each axis.
class Box {
 public:
  Box(const Shape& shape, std::vector<std::string> names)
      : shape_(shape), names_(std::move(names)), low_(shape.size(), INT64_MAX), high_(shape.size(), -1) {}

  void add(const std::vector<std::int64_t>& index) {
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      low_[axis] = std::min(low_[axis], index[axis]);
      high_[axis] = std::max(high_[axis], index[axis]);
    }
  }

  // Names the axis along which the wrong elements are confined most tightly.
  [[nodiscard]] std::string describe() const {
    std::string best;
    double best_share = 1;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      const std::int64_t span = high_[axis] - low_[axis] + 1, size = shape_[axis];
      const double share = static_cast<double>(span) / static_cast<double>(size);
      if (span < 1 || share >= best_share) continue;
      best_share = share;
      best = fmt::format("all at {} {} (of {})", names_[axis], range(axis), size);
    }
    return best;
  }

 private:
  [[nodiscard]] std::string range(std::size_t axis) const {
    if (low_[axis] == high_[axis]) return fmt::format("= {}", low_[axis]);
    if (high_[axis] == shape_[axis] - 1) return fmt::format(">= {}", low_[axis]);
    if (low_[axis] == 0) return fmt::format("<= {}", high_[axis]);
    return fmt::format("in {} … {}", low_[axis], high_[axis]);
  }

  const Shape& shape_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> low_, high_;
};

}  // namespace

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
  Box box(got.shape(), axis_names(port, signature));
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
      box.add(unravel(i, got.shape()));
    }
    if (!result.worst || ratio > result.worst->ratio) {
      result.worst = Worst{port.name, unravel(i, got.shape()), value, want[at], bounds[at], ratio};
    }
  }
  if (result.wrong > 0) result.pattern = box.describe();
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
