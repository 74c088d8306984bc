#include "reference/quant/hqq.h"

#include <algorithm>
#include <cmath>

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/outcomes.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

constexpr int kIterations = 20;
// |d|^-0.3, its exponent an f32, within four units in the last place: what CPU and GPU libraries promise.
constexpr double kPowerError = 4 * 0x1p-23;

// The tensor in groups.
class Groups {
 public:
  explicit Groups(const Problem& problem)
      : values_(problem.inputs[0]),
        along_rows_(problem.signature["axis"] == 1),
        length(problem.signature["group"]),
        count(problem.inputs[0].size() / length) {}

  [[nodiscard]] std::int64_t group_of(std::int64_t flat) const { return along_rows_ ? flat / length : flat % count; }
  [[nodiscard]] double value(std::int64_t group, std::int64_t i) const {
    return values_.at(along_rows_ ? group * length + i : i * count + group);
  }
  [[nodiscard]] Range range(std::int64_t group) const {
    Range range{value(group, 0), value(group, 0)};
    for (std::int64_t i = 0; i < length; ++i) {
      const double v = value(group, i);
      if (std::isnan(v)) return {v, v};
      range = {std::min(range.min, v), std::max(range.max, v)};
    }
    return range;
  }

 private:
  const Tensor& values_;
  bool along_rows_;

 public:
  const std::int64_t length, count;
};

// max(m - b * m^-0.3, 0), with the power off by `error`.
double shrunk_magnitude(double m, double b, double error) {
  const TorchArithmetic f32(DType::f32);
  const double power = f32.rounded(std::pow(m, static_cast<double>(-0.3F)) * (1 + error));
  return std::max(f32.sub(m, f32.mul(b, power)), 0.0);
}

// sign(d) * max(|d| - b * |d|^-0.3, 0): odd, and never falling.
Outcomes shrunk(const Outcomes& d, double b) {
  if (d.is_anything() || d.is_nan()) return d;
  const auto end = [b](double x, double error) {
    return x < 0 ? -shrunk_magnitude(-x, b, -error) : shrunk_magnitude(x, b, error);
  };
  return {end(d.low(), kPowerError), end(d.high(), -kPowerError)};
}

// A group's scale never changes; its zero does.
struct Parameters {
  std::vector<double> scale;
  std::vector<Outcomes> zero;
};

Parameters initial_parameters(const Groups& groups, std::int64_t bits) {
  const TorchArithmetic f32(DType::f32);
  const auto levels = static_cast<double>((1 << bits) - 1);
  Parameters result;
  for (std::int64_t g = 0; g < groups.count; ++g) {
    const auto [min, max] = groups.range(g);
    // A number divided by a tensor is the number times the tensor's reciprocal in torch.
    const double ratio = f32.mul(f32.div(1, f32.sub(max, min)), levels),
                 scale = std::isnan(ratio) ? ratio : std::min(ratio, 2e4);
    const double zero = f32.mul(-min, scale);
    result.scale.push_back(scale);
    result.zero.emplace_back(bits == 4 ? rne(zero) : zero);
  }
  return result;
}

// The iterations that find zeros.
class Optimizer {
 public:
  Optimizer(const Groups& groups, const std::vector<double>& scale, double highest)
      : groups_(groups), scale_(scale), highest_(highest) {}

  // Where float error decides whether to stop, both ways are followed: a zero that either gives is an outcome.
  [[nodiscard]] std::vector<Outcomes> run(std::vector<Outcomes> zero) {
    std::vector<Outcomes> ends;  // zeros with which the iterations may have ended
    Outcomes best = 1e4;
    double beta = 10;
    for (int i = 0; i < kIterations; ++i) {
      const Outcomes error = step(zero, static_cast<double>(static_cast<float>(1 / beta)));
      beta *= 1.01;
      const Verity goes_on = is_less(error, best);
      if (goes_on == Verity::no) break;
      if (goes_on == Verity::either) unite(ends, zero);
      best = error;
    }
    unite(ends, zero);
    return ends;
  }

 private:
  static void unite(std::vector<Outcomes>& ends, const std::vector<Outcomes>& zero) {
    if (ends.empty()) {
      ends = zero;
    } else {
      for (std::size_t g = 0; g < ends.size(); ++g) ends[g] = ends[g].or_else(zero[g]);
    }
  }

  // Replaces zeros by the next ones. Returns the mean of |d|.
  Outcomes step(std::vector<Outcomes>& zeros, double b) {
    std::vector<Outcomes> errors, terms;
    for (std::int64_t g = 0; g < groups_.count; ++g) {
      const double scale = scale_[static_cast<std::size_t>(g)];
      Outcomes& zero = zeros[static_cast<std::size_t>(g)];
      terms.clear();
      for (std::int64_t i = 0; i < groups_.length; ++i) {
        const double w = groups_.value(g, i);
        const auto [next, error] = term(w, scale, zero, b);
        terms.push_back(next);
        errors.push_back(error);
      }
      zero = mean(terms);
    }
    return mean(errors);
  }

  struct Term {
    Outcomes next, error;
  };

  // What an element adds to its group's next zero, and |d|.
  [[nodiscard]] Term term(double w, double scale, const Outcomes& zero, double b) const {
    const Outcomes q = rounded_code(Outcomes(w) * scale + zero, 0, highest_);
    if (q.is_anything()) return {q, q};
    // A higher code has a lower d, so that the two nearly make up for each other: one code at a time.
    const auto with_code = [&](double code) {
      const Outcomes d = w - (code - zero) / scale;
      return Term{code - (w - shrunk(d, b)) * scale, magnitude(d)};
    };
    Term result = with_code(q.low());
    for (double code = q.low() + 1; code <= q.high(); ++code) {
      const Term other = with_code(code);
      result = {result.next.or_else(other.next), result.error.or_else(other.error)};
    }
    return result;
  }

  static Outcomes mean(const std::vector<Outcomes>& terms) {
    return sum_in_any_order(terms) / static_cast<double>(static_cast<float>(terms.size()));
  }

  const Groups& groups_;
  const std::vector<double>& scale_;
  double highest_;
};

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Groups groups(problem);
  const auto bits = signature["bits"];
  const double highest = static_cast<double>((1 << bits) - 1), middle = static_cast<double>(1 << (bits - 1));
  const auto stored = static_cast<DType>(signature["param"]);
  Parameters found = initial_parameters(groups, bits);
  if (signature["optimize"] != 0) {
    found.zero = Optimizer(groups, found.scale, highest).run(found.zero);
  } else {
    for (double& scale : found.scale) scale = TorchArithmetic(stored).rounded(scale);
    for (Outcomes& zero : found.zero) zero = rounded_as(stored, zero);
  }
  const TorchArithmetic inverse(signature["optimize"] != 0 ? DType::f32 : stored);
  Answer answer(3);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    const auto g = static_cast<std::size_t>(groups.group_of(i));
    append(answer[0], rounded_code(Outcomes(problem.inputs[0].at(i)) * found.scale[g] + found.zero[g], 0, highest));
  }
  for (std::size_t g = 0; g < found.scale.size(); ++g) {
    const double scale = inverse.div(1, found.scale[g]);
    append(answer[1], TorchArithmetic(stored).rounded(scale));
    append(answer[2], rounded_as(stored, signature["raw"] != 0 ? found.zero[g] : (middle - found.zero[g]) * scale));
  }
  return answer;
}

std::vector<Param> hqq_params() {
  return {{"bits", "width of a code", Param::Kind::integer, {4, 2, 8, 3}, 4},
          {"group", "elements of a group", Param::Kind::integer, {1, 8, 16, 32, 33, 64}, {}},
          {"axis", "1: groups are neighbours, 0: elements N * K / group apart", Param::Kind::integer, {1, 0}, 1},
          {"optimize", "zeros are improved in iterations", Param::Kind::flag, {1, 0}, 1},
          {"raw", "zeros are codes, and not the values of tinygemm's middle code", Param::Kind::flag, {0, 1}, 0},
          dtype_param("x", "element type of the values", {DType::f32, DType::f16, DType::bf16}),
          dtype_param("param", "element type of scales and zeros", {DType::f32, DType::f16, DType::bf16})};
}

}  // namespace

Op quantize_hqq() {
  return {
      .name = "quantize_hqq",
      .summary = "half-quadratic quantisation: scale, zero and codes of each group, the zero improved in iterations",
      .source = "torchao 0.18.0, quant_primitives.py: _choose_qparams_and_quantize_affine_hqq",
      .semantics =
          "codes = clamp(rne(w * s + z), 0, 2^bits - 1), scale = 1/s, zero = (2^(bits-1) - z) * scale; s = "
          "(2^bits - 1) / (max - min), z improved by q - (w - shrink(w - (q - z) / s)) * s, averaged over a group",
      .sizes = {{"N", "rows", {1, 2, 3, 8}}, {"K", "columns", {1, 8, 32, 33, 64, 66, 128}}},
      .params = hqq_params(),
      .inputs = {{.name = "w", .meaning = "values", .dtype = "x", .shape = "N, K", .fill = Fill::weight}},
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "u8", .shape = "N, K"},
                  {.name = "scale", .meaning = "one a group", .dtype = "param", .shape = "N*K/group"},
                  {.name = "zero", .meaning = "one a group", .dtype = "param", .shape = "N*K/group"}},
      .constraints = {{"N > 0 && K > 0", "a group has elements"},
                      {"group > 0", "a group has elements"},
                      {"bits >= 1 && bits <= 8", "codes fit u8"},
                      {"N * K % group == 0", "groups fill the tensor"},
                      {"axis == 0 || axis == 1", "there are two ways to group"},
                      {"raw == 0 || axis == 0 || N * K / group % N == 0", "raw parameters are a row of each row's"},
                      {"raw == 0 || axis == 1 || N * K / group % K == 0",
                       "raw parameters are a column of each column's"}},
      .left_open = "the order of sums, and the last bits of a power",
      .evaluate = evaluate,
  };
}

}  // namespace plumb
