// Which contract an output keeps that does not keep its own: the sum is made anew with narrower accumulators and chains
// of several lengths, and that one named whose errors are most like the output's.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "reference/bound.h"
#include "reference/kernel/sum_stand_in.h"
#include "runners/diagnosis/evidence.h"

namespace plumb {
namespace {

// Outputs looked at: as many tell enough.
constexpr std::int64_t kMostOutputs = 96;
constexpr std::int64_t kMostTerms = 1 << 17;

// The terms of some outputs, in order.
struct Sample {
  std::int64_t flat;
  std::vector<double> terms;
  double bias;
};

class TermsSeen : public SumStandIn {
 public:
  void see(const Summands& s) override {
    samples.clear();
    const std::int64_t all = s.rows * s.outputs;
    const std::int64_t most =
        std::max<std::int64_t>(std::min(kMostOutputs, kMostTerms / std::max<std::int64_t>(s.count, 1)), 1);
    const std::int64_t step = std::max<std::int64_t>(all / most, 1);
    for (std::int64_t flat = 0; flat < all; flat += step) {
      Sample& sample = samples.emplace_back(Sample{flat, {}, s.bias(flat % s.outputs)});
      for (std::int64_t i = 0; i < s.count; ++i) sample.terms.push_back(s.term(flat / s.outputs, flat % s.outputs, i));
    }
  }
  std::vector<Sample> samples;
};

// How a sum may be made.
struct Way {
  DType dtype;
  std::int64_t chain;  // terms added one after the other
  enum class Narrow { accumulator, partial_sums } narrow;

  [[nodiscard]] std::string words(std::int64_t count) const {
    const std::string_view type = to_string(dtype);
    if (narrow == Narrow::partial_sums) {
      return fmt::format("partial sums of {} products merged in {}", chain, type);
    }
    if (chain >= count) return fmt::format("a {} accumulator over all {} products", type, count);
    return fmt::format("a {} accumulator over chains of {}", type, chain);
  }

  [[nodiscard]] double sum(const Sample& sample) const {
    const bool inner = narrow == Narrow::accumulator;
    const DType within = inner ? dtype : DType::f32, among = inner ? DType::f32 : dtype;
    const bool one_chain = chain >= std::ssize(sample.terms);
    double total = 0, part = 0;
    for (std::int64_t i = 0; i < std::ssize(sample.terms); ++i) {
      part = round_to(within, part + round_to(within, sample.terms[static_cast<std::size_t>(i)]));
      if ((i + 1) % chain != 0 && i + 1 < std::ssize(sample.terms)) continue;
      total = one_chain ? part : round_to(among, total + round_to(among, part));
      part = 0;
    }
    return one_chain && inner ? round_to(within, total + sample.bias) : round_to(among, total + sample.bias);
  }
};

// How the errors of a way compare with those seen.
struct Likeness {
  double ratio;     // of their root mean squares, seen over emulated
  bool reproduces;  // the very same results
};

std::optional<Likeness> likeness(const Way& way, const std::vector<Sample>& samples, const Evidence& evidence) {
  const Tensor& got = evidence.outputs()[0];
  const std::vector<double>& want = evidence.question().expected[0].value;
  double seen = 0, made = 0;
  bool reproduces = true;
  for (const Sample& sample : samples) {
    const double exact = want[static_cast<std::size_t>(sample.flat)], is = got.at(sample.flat);
    const double other = round_to(got.dtype(), way.sum(sample));
    seen += (is - exact) * (is - exact);
    made += (other - exact) * (other - exact);
    reproduces = reproduces && other == is;
  }
  if (!(made > 0) || !std::isfinite(seen) || !std::isfinite(made)) return std::nullopt;
  return Likeness{std::sqrt(seen / made), reproduces};
}

// Whether all errors are ones that the way can make: within the bound proved for its contract.
bool may_be(const Way& way, const Evidence& evidence) {
  Contract contract = evidence.contract();
  contract.accumulator = way.dtype;
  const Question& question = evidence.question();
  const std::vector<double> bound = bounds(*question.op, question.problem.signature, contract, question.expected[0], 0);
  const Tensor& got = evidence.outputs()[0];
  return std::ranges::all_of(evidence.wrong(0), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return std::abs(got.at(i) - question.expected[0].value[at]) <= bound[at];
  });
}

std::vector<Way> ways(std::int64_t count) {
  std::vector<Way> all;
  for (const DType dtype : {DType::f16, DType::bf16}) {
    for (std::int64_t chain = 2; chain < 2 * count; chain *= 2) {
      all.push_back({dtype, std::min(chain, count), Way::Narrow::accumulator});
    }
    for (std::int64_t parts = 2; parts <= 16 && count / parts > 0; parts *= 2) {
      all.push_back({dtype, (count + parts - 1) / parts, Way::Narrow::partial_sums});
    }
  }
  return all;
}

}  // namespace

std::string arithmetic_of(const Evidence& evidence) {
  const Question& question = evidence.question();
  if (question.op->arithmetic != Arithmetic::accumulated || evidence.outputs().size() != 1) return "";
  TermsSeen seen;
  (void)question.op->evaluate(question.problem);
  if (seen.samples.empty() || seen.samples[0].terms.empty()) return "";
  const std::int64_t count = std::ssize(seen.samples[0].terms);
  std::optional<std::pair<Way, Likeness>> best;
  for (const Way& way : ways(count)) {
    const auto like = likeness(way, seen.samples, evidence);
    if (!like || !may_be(way, evidence)) continue;
    const auto farther = [](const Likeness& a) { return a.reproduces ? -1 : std::abs(std::log(a.ratio)); };
    if (!best || farther(*like) < farther(best->second)) best = {way, *like};
  }
  constexpr double kAlike = 3;
  if (!best) return "";
  const auto& [way, like] = *best;
  const std::string declared(to_string(evidence.contract().accumulator));
  if (like.reproduces) return fmt::format("computes with {}; the contract says {}", way.words(count), declared);
  if (!(like.ratio < kAlike && like.ratio > 1 / kAlike)) return "";
  return fmt::format("behaves like {} (errors {:.1f} x as large); the contract says {}", way.words(count), like.ratio,
                     declared);
}

}  // namespace plumb
