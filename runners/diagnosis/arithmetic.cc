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
  enum class Parts { in_a_row, in_lanes, merged };

  DType dtype;
  /// in_a_row: parts of so many terms that follow each other are summed up in dtype, and they in f32. in_lanes: parts
  /// of so many terms that lie lanes apart, likewise. merged: parts are summed up in f32, and they in dtype.
  Parts parts;
  std::int64_t chain;

  [[nodiscard]] std::string words(std::int64_t count) const {
    const std::string_view type = to_string(dtype);
    if (parts == Parts::merged) return fmt::format("partial sums of {} products merged in {}", chain, type);
    if (chain >= count) return fmt::format("a {} accumulator over all {} products", type, count);
    return fmt::format("a {} accumulator over chains of {}{}", type, chain,
                       parts == Parts::in_lanes ? ", in lanes" : "");
  }

  [[nodiscard]] double sum(const Sample& sample) const {
    const std::int64_t count = std::ssize(sample.terms), part_count = (count + chain - 1) / chain;
    const DType within = parts == Parts::merged ? DType::f32 : dtype,
                among = parts == Parts::merged ? dtype : DType::f32;
    double total = 0;
    for (std::int64_t p = 0; p < part_count; ++p) {
      double part = 0;
      for (std::int64_t i = 0; i < chain; ++i) {
        const std::int64_t at = parts == Parts::in_lanes ? i * part_count + p : p * chain + i;
        if (at < count) part = round_to(within, part + round_to(within, sample.terms[static_cast<std::size_t>(at)]));
      }
      total = part_count == 1 ? part : round_to(among, total + round_to(among, part));
    }
    return round_to(ends_narrow(count) ? dtype : DType::f32, total + sample.bias);
  }

  // Whether results are of the narrow type.
  [[nodiscard]] bool ends_narrow(std::int64_t count) const { return parts == Parts::merged || chain >= count; }
};

// How the errors of a way compare with those seen.
struct Likeness {
  double ratio;        // of their root mean squares, seen over emulated
  double correlation;  // of the two
  bool reproduces;     // the very same results
};

std::optional<Likeness> likeness(const Way& way, const std::vector<Sample>& samples, const Evidence& evidence) {
  const Tensor& got = evidence.outputs()[0];
  const std::vector<double>& want = evidence.question().expected[0].value;
  double seen = 0, made = 0, both = 0;
  bool reproduces = true;
  for (const Sample& sample : samples) {
    const double exact = want[static_cast<std::size_t>(sample.flat)], is = got.at(sample.flat);
    const double other = round_to(got.dtype(), way.sum(sample));
    seen += (is - exact) * (is - exact);
    made += (other - exact) * (other - exact);
    both += (is - exact) * (other - exact);
    reproduces = reproduces && other == is;
  }
  if (!(made > 0) || !(seen > 0) || !std::isfinite(seen) || !std::isfinite(made)) return std::nullopt;
  return Likeness{std::sqrt(seen / made), both / std::sqrt(seen * made), reproduces};
}

// Whether nearly all results are numbers of the type, as those of another accumulator are only by chance.
bool are_of_type(DType dtype, const std::vector<Sample>& samples, const Evidence& evidence) {
  const auto is_one = [&](const Sample& sample) {
    const double got = evidence.outputs()[0].at(sample.flat);
    return round_to(dtype, got) == got;
  };
  return std::ranges::count_if(samples, is_one) * 20 >= std::ssize(samples) * 19 && samples.size() >= 4;
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
      all.push_back({dtype, Way::Parts::in_a_row, std::min(chain, count)});
      if (chain < count) all.push_back({dtype, Way::Parts::in_lanes, chain});
    }
    for (std::int64_t parts = 2; parts <= 16 && count / parts > 0; parts *= 2) {
      all.push_back({dtype, Way::Parts::merged, (count + parts - 1) / parts});
    }
  }
  return all;
}

// Evidence enough for saying so: the same results, or errors as large that go the same way, or as large and of results
// that only such an accumulator gives.
bool convinces(const Way& way, const Likeness& like, const std::vector<Sample>& samples, const Evidence& evidence) {
  constexpr double kAlike = 3, kCorrelated = 0.7;
  if (like.reproduces) return true;
  if (!(like.ratio < kAlike && like.ratio > 1 / kAlike)) return false;
  if (like.correlation > kCorrelated && samples.size() >= 4) return true;
  const DType output = evidence.outputs()[0].dtype();
  return way.ends_narrow(std::ssize(samples[0].terms)) && way.dtype != output &&
         are_of_type(way.dtype, samples, evidence);
}

}  // namespace

std::string arithmetic_of(const Evidence& evidence) {
  const Question& question = evidence.question();
  if (question.op->arithmetic != Arithmetic::accumulated || evidence.outputs().size() != 1) return "";
  TermsSeen seen;
  (void)question.op->evaluate(question.problem);
  if (seen.samples.empty() || seen.samples[0].terms.empty()) return "";
  const std::int64_t count = std::ssize(seen.samples[0].terms);
  const auto farther = [](const Likeness& a) {
    return a.reproduces ? -1 : std::abs(std::log(a.ratio)) - a.correlation;
  };
  std::optional<std::pair<Way, Likeness>> best;
  for (const Way& way : ways(count)) {
    const auto like = likeness(way, seen.samples, evidence);
    if (!like || !may_be(way, evidence) || !convinces(way, *like, seen.samples, evidence)) continue;
    if (!best || farther(*like) < farther(best->second)) best = {way, *like};
  }
  if (!best) return "";
  const auto& [way, like] = *best;
  const std::string_view declared = to_string(evidence.contract().accumulator);
  if (like.reproduces) return fmt::format("computes with {}; the contract says {}", way.words(count), declared);
  return fmt::format("behaves like {} (errors {:.1f} x as large); the contract says {}", way.words(count), like.ratio,
                     declared);
}

}  // namespace plumb
