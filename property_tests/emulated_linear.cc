#include "property_tests/emulated_linear.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <vector>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/ops.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWeights, kScales, kBias };

// A term or partial sum, and the longest chain of roundings that a term in it has passed through. A pending one is an
// exact product that waits to be fused into a sum.
struct Partial {
  double value;
  std::int64_t roundings;
  bool pending;
};

// One output element after the other.
class Kernel {
 public:
  Kernel(const Problem& problem, const Manner& manner, const Random& random)
      : problem_(problem),
        manner_(manner),
        random_(random),
        codes_(unpack(layout_named("et_vk.q4gsw"), extent_of(problem.signature), problem.inputs[kWeights].codes())) {}

  [[nodiscard]] Emulation run() {
    const Op& op = op_named("linear_q4gsw");
    Tensor y(dtype_of(op.outputs[0], op, problem_.signature), shape_of(op.outputs[0], problem_.signature));
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const std::int64_t outputs = problem_.signature["N"];
      const Partial sum = element(i / outputs, i % outputs);
      longest_ = std::max(longest_, sum.roundings);
      y.set(i, flushed(round_to(y.dtype(), sum.value), y.dtype()));
    }
    const auto extra = static_cast<std::int32_t>(std::max<std::int64_t>(longest_ - 1, 0));
    const bool dequantised = manner_.scaling == Manner::Scaling::dequantised_weight;
    return {std::move(y),
            {manner_.activation, dequantised ? manner_.weight : DType::f64, manner_.accumulator, INT_MAX, extra,
             manner_.flushes, true}};
  }

 private:
  [[nodiscard]] double flushed(double value, DType dtype) const {
    return manner_.flushes && std::abs(value) < min_normal(dtype) ? 0 : value;
  }
  [[nodiscard]] double rounded(double value) const {
    return flushed(round_to(manner_.accumulator, value), manner_.accumulator);
  }
  [[nodiscard]] Partial settled(Partial a) const {
    return a.pending ? Partial{rounded(a.value), a.roundings + 1, false} : a;
  }
  // a is settled; the product is exact in double, as both factors have at most 24 bits.
  [[nodiscard]] Partial product(Partial a, double b) const {
    const Partial exact{settled(a).value * b, settled(a).roundings, true};
    return manner_.fused ? exact : settled(exact);
  }
  // One of two pending products is rounded, the other is fused.
  [[nodiscard]] Partial sum(Partial a, Partial b) const {
    if (a.pending && b.pending) a = settled(a);
    return {rounded(a.value + b.value), std::max(a.roundings, b.roundings) + 1, false};
  }

  [[nodiscard]] double activation(std::int64_t m, std::int64_t k) const {
    const double x = problem_.inputs[kX].at(m * problem_.signature["K"] + k);
    return flushed(round_to(manner_.activation, x), manner_.activation);
  }
  [[nodiscard]] double scale(std::int64_t k, std::int64_t n) const {
    const std::int64_t group = k / problem_.signature["group"];
    return flushed(problem_.inputs[kScales].at(group * problem_.signature["N"] + n), DType::f32);
  }

  [[nodiscard]] Partial term(std::int64_t m, std::int64_t n, std::int64_t k) const {
    const double x = activation(m, k), code = codes_[static_cast<std::size_t>(n * problem_.signature["K"] + k)];
    switch (manner_.scaling) {
      case Manner::Scaling::dequantised_weight:
        return product({x, 0, false}, flushed(round_to(manner_.weight, code * scale(k, n)), manner_.weight));
      case Manner::Scaling::scaled_product:
        return product(product({x, 0, false}, code), scale(k, n));
      case Manner::Scaling::scaled_group_sum:
        return product({x, 0, false}, code);
    }
    PLUMB_CHECK(false);
  }

  Partial element(std::int64_t m, std::int64_t n) {
    const std::int64_t columns = problem_.signature["K"], group = problem_.signature["group"];
    const bool by_group = manner_.scaling == Manner::Scaling::scaled_group_sum;
    std::vector<Partial> terms, block;
    for (std::int64_t k = 0; k < columns; ++k) {
      (by_group ? block : terms).push_back(term(m, n, k));
      if (!by_group || (k + 1) % group != 0) continue;
      terms.push_back(product(total(std::move(block)), scale(k, n)));
      block.clear();
    }
    const Tensor& bias = problem_.inputs[kBias];
    if (bias.present()) {
      const double b = rounded(bias.at(n));
      terms.push_back({b, b == bias.at(n) ? 0 : 1, false});
    }
    return settled(total(std::move(terms)));
  }

  Partial total(std::vector<Partial> terms) {
    if (manner_.shuffled) {
      for (std::size_t i = terms.size(); i > 1; --i) std::swap(terms[i - 1], terms[below(i)]);
    }
    switch (manner_.order) {
      case Manner::Order::straight:
        return straight(terms);
      case Manner::Order::lanes:
        return lanes(terms);
      case Manner::Order::random_tree:
        return random_tree(std::move(terms));
    }
    PLUMB_CHECK(false);
  }

  [[nodiscard]] Partial straight(const std::vector<Partial>& terms) const {
    Partial result = terms.front();
    for (std::size_t i = 1; i < terms.size(); ++i) result = sum(result, terms[i]);
    return result;
  }

  [[nodiscard]] Partial lanes(const std::vector<Partial>& terms) const {
    std::vector<Partial> lane(terms.begin(),
                              terms.begin() + static_cast<std::ptrdiff_t>(std::min(manner_.lanes, terms.size())));
    for (std::size_t i = lane.size(); i < terms.size(); ++i)
      lane[i % lane.size()] = sum(lane[i % lane.size()], terms[i]);
    for (; lane.size() > 1; lane.resize((lane.size() + 1) / 2)) {
      const std::size_t half = (lane.size() + 1) / 2;
      for (std::size_t i = half; i < lane.size(); ++i) lane[i - half] = sum(lane[i - half], lane[i]);
    }
    return lane.front();
  }

  Partial random_tree(std::vector<Partial> terms) {
    while (terms.size() > 1) {
      std::swap(terms[below(terms.size())], terms.back());
      const Partial last = terms.back();
      terms.pop_back();
      Partial& other = terms[below(terms.size())];
      other = sum(other, last);
    }
    return terms.front();
  }

  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(random_.integer(draws_++, 0, static_cast<std::int64_t>(count) - 1));
  }

  const Problem& problem_;
  const Manner& manner_;
  const Random& random_;
  std::vector<int> codes_;
  std::int64_t longest_ = 0;
  std::uint64_t draws_ = 0;
};

}  // namespace

Emulation emulate_linear(const Problem& problem, const Manner& manner, const Random& random) {
  return Kernel(problem, manner, random).run();
}

void showValue(const Manner& manner, std::ostream& out) {
  constexpr const char* kScalings[] = {"dequantised weight", "scaled product", "scaled group sum"};
  constexpr const char* kOrders[] = {"straight", "lanes", "random tree"};
  out << fmt::format("activation {}, weight {}, accumulator {}, {}, {} ({} lanes){}{}{}", to_string(manner.activation),
                     to_string(manner.weight), to_string(manner.accumulator),
                     kScalings[static_cast<int>(manner.scaling)], kOrders[static_cast<int>(manner.order)], manner.lanes,
                     manner.shuffled ? ", shuffled" : "", manner.fused ? ", fused" : "",
                     manner.flushes ? ", flushes subnormals" : "");
}

}  // namespace plumb
