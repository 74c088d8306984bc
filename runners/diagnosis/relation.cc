// What wrong elements have to do with right ones.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "runners/diagnosis/evidence.h"

namespace plumb {
namespace {

// The first output with wrong elements, and what should be there.
struct Output {
  const Evidence& evidence;
  std::size_t place;
  const Tensor& got;
  const std::vector<double>& want;
  const std::vector<std::int64_t>& wrong;

  explicit Output(const Evidence& of)
      : evidence(of),
        place(of.first_wrong_output()),
        got(of.outputs()[place]),
        want(of.question().expected[place].value),
        wrong(of.wrong(place)) {}

  template <typename Holds>
  [[nodiscard]] bool all(Holds holds) const {
    return std::ranges::all_of(wrong,
                               [&](std::int64_t i) { return holds(got.at(i), want[static_cast<std::size_t>(i)]); });
  }
};

std::string with_place(const Evidence& evidence, std::string sentence) {
  const std::string place = evidence.place();
  return place.empty() ? sentence : sentence + " " + place;
}

std::string unwritten(const Output& o) {
  const bool none = std::ranges::all_of(o.wrong, [&](std::int64_t i) { return o.evidence.is_unwritten(o.place, i); });
  return none ? with_place(o.evidence, "never written:") : "";
}

std::string not_a_number(const Output& o) {
  if (!o.all([](double got, double want) { return std::isnan(got) && std::isfinite(want); })) return "";
  return with_place(o.evidence,
                    "NaN where every input is finite: something beside the inputs is multiplied, or a sum overflows;");
}

std::string infinite(const Output& o) {
  if (!o.all([](double got, double want) { return std::isinf(got) && std::isfinite(want); })) return "";
  return with_place(o.evidence, "infinite where the result is not: an intermediate overflows;");
}

std::string zero(const Output& o) {
  const DTypeInfo& type = info(o.got.dtype());
  if (!o.all([](double got, double want) { return got == 0 && want != 0; })) return "";
  const bool subnormal =
      type.is_float && o.all([&](double, double want) { return std::abs(want) < min_normal(type.dtype); });
  if (subnormal) return fmt::format("{} numbers below the normal range flushed to zero", type.name);
  return with_place(o.evidence, "zero where the result is not:");
}

// Codes that share a byte overwrite each other.
std::string bits_missing(const Output& o) {
  const bool whole = !info(o.got.dtype()).is_float && o.evidence.question().op->arithmetic == Arithmetic::prescribed;
  const auto misses = [](double got, double want) {
    const auto is = static_cast<std::int64_t>(got), right = static_cast<std::int64_t>(want);
    return (is & ~right) == 0;
  };
  if (!whole || info(o.got.dtype()).size_bytes > 4 || !o.all(misses)) return "";
  return with_place(o.evidence, "bits missing: what shares a byte overwrites each other;");
}

// More bits than there should be.
std::string bits_added(const Output& o) {
  const bool whole = !info(o.got.dtype()).is_float && o.evidence.question().op->arithmetic == Arithmetic::prescribed;
  const auto adds = [](double got, double want) {
    const auto is = static_cast<std::int64_t>(got), right = static_cast<std::int64_t>(want);
    return (right & ~is) == 0;
  };
  if (!whole || info(o.got.dtype()).size_bytes > 4 || o.wrong.size() < 3 || !o.all(adds)) return "";
  return with_place(o.evidence, "bits too many: a code is not masked before it is packed beside another;");
}

// Negative codes of so many bits without their sign.
std::string sign_missing(const Output& o) {
  if (info(o.got.dtype()).is_float) return "";
  for (const int bits : {2, 4, 8}) {
    const double by = 1 << bits;
    if (!o.all([=](double got, double want) { return want < 0 && got == want + by; })) continue;
    return with_place(o.evidence, fmt::format("sign missing: negative codes are {} too large;", by));
  }
  return "";
}

// Elements of the output as numbers of so many bits, lowest first: codes packed in bytes and words.
std::int64_t field(double element, int bits, int number) {
  return static_cast<std::int64_t>(element) >> (bits * number) & ((1 << bits) - 1);
}

// How codes differ from what they should be.
struct Differences {
  bool only_ones = true, only_lower = true, only_higher = true, towards_zero = true;
  bool any = false;

  void add(std::int64_t got, std::int64_t want, std::int64_t zero) {
    const std::int64_t by = got - want;
    if (by == 0) return;
    any = true;
    only_ones = only_ones && std::abs(by) == 1;
    only_lower = only_lower && by < 0;
    only_higher = only_higher && by > 0;
    towards_zero = towards_zero && std::abs(got - zero) < std::abs(want - zero);
  }
};

Differences differences(const Output& o, int bits) {
  Differences d;
  const DTypeInfo& type = info(o.got.dtype());
  const int fields = bits == 0 ? 1 : 8 * type.size_bytes / bits;
  for (const std::int64_t i : o.wrong) {
    const double got = o.got.at(i), want = o.want[static_cast<std::size_t>(i)];
    if (std::isnan(want)) continue;
    for (int f = 0; f < fields; ++f) {
      if (bits == 0) {
        d.add(static_cast<std::int64_t>(got), static_cast<std::int64_t>(want), 0);
      } else {
        // Codes are offset binary where they are packed beside each other.
        d.add(field(got, bits, f), field(want, bits, f), 1 << (bits - 1));
      }
    }
  }
  return d;
}

std::string off_by_one(const Output& o) {
  const DTypeInfo& type = info(o.got.dtype());
  const bool prescribed = o.evidence.question().op->arithmetic == Arithmetic::prescribed;
  if (type.is_float || !prescribed) return "";
  for (const int bits : {0, 4}) {
    const Differences d = differences(o, bits);
    if (!d.any || !d.only_ones) continue;
    const std::string place = o.evidence.place(), where = place.empty() ? "" : " " + place;
    if (d.towards_zero) return "codes one too near to zero: truncated, not rounded;" + where;
    if (d.only_lower) return "codes one too small: rounded down, not to nearest;" + where;
    if (d.only_higher) return "codes one too large: rounded up, not to nearest;" + where;
    return "codes off by one: another rounding, as of ties away from zero;" + where;
  }
  return "";
}

// Every wrong element holds what belongs a constant distance away.
std::string displaced(const Output& o) {
  if (o.wrong.size() < 3 || o.got.shape().size() < 2) return "";
  const std::int64_t columns = o.got.shape().back(), size = o.got.size();
  if (columns == 0) return "";
  const double first = o.got.at(o.wrong[0]);
  for (std::int64_t from = 0; from < size; ++from) {
    const std::int64_t by = from - o.wrong[0];
    if (by == 0 || o.want[static_cast<std::size_t>(from)] != first) continue;
    const auto holds = [&](std::int64_t i) {
      const std::int64_t at = i + by;
      return at >= 0 && at < size && o.got.at(i) == o.want[static_cast<std::size_t>(at)];
    };
    if (!std::ranges::all_of(o.wrong, holds)) continue;
    const std::int64_t row = o.wrong[0] / columns, other = from / columns;
    const std::string what = by % columns == 0 ? fmt::format("row {} holds what belongs to row {}", row, other)
                                               : fmt::format("elements hold what belongs {} elements {}", std::abs(by),
                                                             by > 0 ? "further on" : "further back");
    return with_place(o.evidence, what + ";");
  }
  return "";
}

}  // namespace

std::string relation_of(const Evidence& evidence) {
  const Output o(evidence);
  if (std::string sentence = unwritten(o); !sentence.empty()) return sentence;
  if (o.wrong.size() < 2) return "";  // too easily explained
  for (const auto relation :
       {not_a_number, infinite, sign_missing, off_by_one, bits_missing, bits_added, zero, displaced}) {
    const std::string sentence = relation(o);
    if (!sentence.empty()) return sentence;
  }
  return "";
}

}  // namespace plumb
