#include "reference/kernel/linear_int8.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernel/first_outputs.h"
#include "reference/kernel/group_products.h"
#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"
#include "reference/kernel/sum_stand_in.h"
#include "reference/quant/quantised_code.h"

namespace plumb {
namespace {

using Matrix = WeightCodes::Matrix;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };
enum Activation : std::int64_t { kInt8, kFloat };

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The constant inputs. Scales and sums are [G, N], rows of sums as wide as they are stored.
struct Weight {
  WeightCodes code;  // [N, K]
  Matrix scale, sum;
  Row bias;  // [N]
  std::int64_t group;

  [[nodiscard]] std::int64_t outputs() const { return code.rows(); }
};

Weight weight_of(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const Tensor &weights = problem.inputs[kWeights], &scales = problem.inputs[kWeightScales],
               &sums = problem.inputs[kWeightSums];
  const std::int64_t groups = extent.rows == 0 ? 1 : scales.size() / extent.rows;
  Weight w{weights.dtype() == DType::u8 ? codes_of("et_vk.q4gsw", extent, weights) : integers_of(weights, extent),
           matrix_of(scales, groups, extent.rows), matrix_of(sums, groups, sums.size() / groups),
           Row::Zero(extent.rows), extent.columns / groups};
  if (problem.inputs[kBias].present()) w.bias = row_of(problem.inputs[kBias]);
  return w;
}

// A code that may be one more or less.
struct Tie {
  std::int64_t row, column;
  double step;  // what the other outcome adds to it
};

struct QuantisedActivation {
  Matrix code;               // [M, K]
  Column scale, zero_point;  // [M]
  std::vector<Tie> ties;
  std::vector<std::int64_t> undefined_rows;  // there is no telling what such a row's codes are
};

QuantisedCode code_of(double x, double scale, double zero_point) {
  SumStandIn* stand_in = SumStandIn::current();
  const auto other = stand_in == nullptr ? std::nullopt : stand_in->code(x, scale, zero_point);
  return other ? *other : quantised_code(x, scale, zero_point);
}

QuantisedActivation quantised(const Problem& problem) {
  const std::int64_t rows = problem.signature["M"], columns = problem.signature["K"];
  const Tensor &x = problem.inputs[kX], &scales = problem.inputs[kInputScales], &zps = problem.inputs[kInputZp];
  QuantisedActivation a{Matrix(rows, columns), Column(rows), Column(rows), {}, {}};
  for (std::int64_t m = 0; m < rows; ++m) {
    const std::int64_t own = scales.size() == 1 ? 0 : m;
    a.scale(m) = scales.at(own);
    a.zero_point(m) = zps.at(own);
    bool defined = true;
    for (std::int64_t k = 0; k < columns; ++k) {
      const QuantisedCode code = code_of(x.at(m * columns + k), a.scale(m), a.zero_point(m));
      defined = defined && code.defined;
      a.code(m, k) = code.value;
      if (code.other != code.value) a.ties.push_back({m, k, code.other - code.value});
    }
    if (!defined) a.undefined_rows.push_back(m);
  }
  if (SumStandIn* stand_in = SumStandIn::current()) stand_in->change_activation(a.code);
  return a;
}

// Some outputs n, of which the codes of one group after the other are multiplied.
class Products {
 public:
  Products(const Matrix& a, const Weight& w, std::int64_t first, std::int64_t count)
      : a_(a), code_(w.code.middle_rows(first, count)), group_(w.group) {}

  // The sums of a * c of group g, [M, n]: integers, exactly.
  [[nodiscard]] Matrix of_group(std::int64_t g) const {
    const auto a = a_.middleCols(g * group_, group_);
    const auto c = code_.middleCols(g * group_, group_);
    SumStandIn* stand_in = SumStandIn::current();
    const auto other = stand_in == nullptr ? std::nullopt : stand_in->integer_sums(a, c);
    if (other) return *other;
    Matrix panel = Matrix::Zero(group_, kOutputsTogether), sums(a_.rows(), kOutputsTogether);
    panel.leftCols(c.rows()) = c.transpose();
    sum_products({a.data(), a.data(), a_.cols(), a_.rows(), group_, panel.data(), sums.data(), nullptr, nullptr});
    return sums.leftCols(c.rows());
  }

  // The largest |c| of each group and output, [n, G].
  [[nodiscard]] Column largest(std::int64_t g) const {
    return code_.middleCols(g * group_, group_).cwiseAbs().rowwise().maxCoeff();
  }

 private:
  const Matrix& a_;
  Matrix code_;  // [n, K]
  std::int64_t group_;
};

// The other outcome of each tie: what it adds to every output of its row, and to what the bound is computed from.
void add_ties(const QuantisedActivation& a, const Weight& w, std::int64_t wanted, Expected& expected) {
  const std::int64_t outputs = w.outputs();
  if (!a.ties.empty()) expected.steps.resize(expected.value.size());
  std::vector<std::size_t> of_row(static_cast<std::size_t>(a.code.rows()));
  for (const Tie& tie : a.ties) ++of_row[static_cast<std::size_t>(tie.row)];
  for (std::int64_t n = 0; n < wanted && !a.ties.empty(); ++n) {
    const Matrix code = w.code.middle_rows(n, 1);
    for (std::size_t m = 0; m < of_row.size(); ++m) {
      expected.steps[m * static_cast<std::size_t>(outputs) + static_cast<std::size_t>(n)].reserve(of_row[m]);
    }
    for (const Tie& tie : a.ties) {
      const auto at = static_cast<std::size_t>(tie.row * outputs + n);
      const double scale = w.scale(tie.column / w.group, n), sum = tie.step * code(0, tie.column);
      const double step = a.scale(tie.row) * scale * sum, size = std::abs(step);
      expected.steps[at].push_back(step);
      expected.magnitude[at] += size;
      expected.peak[at] += std::max({size, std::abs(sum), std::abs(sum * scale), std::abs(sum * a.scale(tie.row))});
      expected.underflow[at] += std::abs(sum) * (1 + std::abs(scale) + std::abs(a.scale(tie.row)));
    }
  }
  for (const std::int64_t m : a.undefined_rows) {
    for (std::int64_t n = 0; n < outputs; ++n) expected.peak[static_cast<std::size_t>(m * outputs + n)] = kInfinity;
  }
}

// Shows the groups' scaled sums to whoever looks on.
void show(SumStandIn& watcher, const QuantisedActivation& a, const Weight& w) {
  std::vector<Matrix> scaled(static_cast<std::size_t>(w.scale.rows()), Matrix(a.code.rows(), w.outputs()));
  for (std::int64_t first = 0; first < w.outputs(); first += kOutputsTogether) {
    const std::int64_t count = std::min(kOutputsTogether, w.outputs() - first);
    const Products products(a.code, w, first, count);
    for (std::int64_t g = 0; g < w.scale.rows(); ++g) {
      const Row sums = w.sum.row(g).segment(first, count), scale = w.scale.row(g).segment(first, count);
      const Matrix s = products.of_group(g) - a.zero_point * sums;
      scaled[static_cast<std::size_t>(g)].middleCols(first, count) = a.scale.asDiagonal() * (s * scale.asDiagonal());
    }
  }
  watcher.see(
      {a.code.rows(), w.outputs(), std::ssize(scaled),
       [&](std::int64_t m, std::int64_t n, std::int64_t g) { return scaled[static_cast<std::size_t>(g)](m, n); },
       [&](std::int64_t n) { return w.bias(n); }});
}

// Of some outputs what bound.h needs, growing from group to group. A product is S * w * a of a group's integer sum and
// the two scales, in any order; its roundings are those of S as a float, of two products, and of partial sums. If a, w,
// a w, S w, S a, S w a and each partial sum, scaled by a or not yet, are off by one unit, the result is off by at most
//   sum_g (|S w| + |S a| + |S| + |a| + |w| + 1 + |a| + 1) + 2 units, and |sum_g S w| more if a is.
struct Terms {
  Matrix value, magnitude, peak, underflow, unscaled;  // [M, n]
  Row largest_weight;

  Terms(const QuantisedActivation& a, const Weight& w, std::int64_t first, std::int64_t count)
      : value(w.bias.segment(first, count).replicate(a.code.rows(), 1)),
        magnitude(value.cwiseAbs()),
        peak(magnitude),
        underflow(Matrix::Constant(a.code.rows(), count, 2)),
        unscaled(Matrix::Zero(a.code.rows(), count)),
        largest_weight(Row::Zero(count)) {
    const Products products(a.code, w, first, count);
    const Column abs_a = a.scale.cwiseAbs();
    for (std::int64_t g = 0; g < w.scale.rows(); ++g) {
      const Row sums = w.sum.row(g).segment(first, count), scale = w.scale.row(g).segment(first, count);
      const Row abs_w = scale.cwiseAbs();
      const Matrix s = products.of_group(g) - a.zero_point * sums;
      const Matrix abs_s = s.cwiseAbs(), s_w = abs_s * abs_w.asDiagonal(), s_a = abs_a.asDiagonal() * abs_s;
      value += a.scale.asDiagonal() * (s * scale.asDiagonal());
      magnitude += abs_a.asDiagonal() * s_w;
      unscaled += s_w;
      peak = peak.cwiseMax(abs_s).cwiseMax(s_a).cwiseMax(abs_a * abs_w);
      underflow += 2 * s_w + s_a + abs_s + (2 * abs_a).replicate(1, count) + abs_w.replicate(s.rows(), 1);
      underflow.array() += 2;
      largest_weight = largest_weight.cwiseMax(products.largest(g).transpose().cwiseProduct(abs_w));
    }
    peak = peak.cwiseMax(magnitude).cwiseMax(unscaled);
  }
};

// max |q - z| of each row.
Column largest_of(const QuantisedActivation& a) {
  Column largest = Column::Zero(a.code.rows());
  for (std::int64_t m = 0; m < a.code.rows() && a.code.cols() > 0; ++m) {
    largest(m) = (a.code.row(m).array() - a.zero_point(m)).abs().maxCoeff();
  }
  return largest;
}

Expected evaluate_int8(const Problem& problem, const Weight& w) {
  const QuantisedActivation a = quantised(problem);
  if (SumStandIn* watcher = SumStandIn::current()) show(*watcher, a, w);
  const Column largest = largest_of(a);
  const std::int64_t rows = a.code.rows(), outputs = w.outputs(), wanted = FirstOutputs::of(outputs);
  Expected expected = not_evaluated(static_cast<std::size_t>(rows * outputs));
  for (std::int64_t first = 0; first < wanted; first += kOutputsTogether) {
    const std::int64_t count = std::min(kOutputsTogether, wanted - first);
    const Terms terms(a, w, first, count);
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<std::size_t>(m * outputs + first + j);
        expected.value[at] = terms.value(m, j);
        expected.magnitude[at] = terms.magnitude(m, j);
        expected.peak[at] = terms.peak(m, j);
        expected.underflow[at] = terms.underflow(m, j);
        expected.largest_activation[at] = largest(m);
        expected.largest_weight[at] = terms.largest_weight(j);
      }
    }
  }
  add_ties(a, w, wanted, expected);
  return expected;
}

// sum_k x_k w_k, as linear_q4gsw.
Answer evaluate_float(const Problem& problem, const Weight& w) {
  const bool has_bias = problem.inputs[kBias].present();
  return evaluate({.x = matrix_of(problem.inputs[kX], problem.signature["M"], problem.signature["K"]),
                   .code = w.code,
                   .scale = w.scale.transpose(),
                   .bias = has_bias ? w.bias : Row(),
                   .group = w.group});
}

Answer evaluate_linear(const Problem& problem) {
  const Weight w = weight_of(problem);
  if (problem.signature["activation"] == kFloat) return evaluate_float(problem, w);
  return {evaluate_int8(problem, w)};
}

// Parameters that both operators have.
std::vector<Param> common_params() {
  return {{"activation",
           "int8: the activation is quantised; float: it is multiplied as it is",
           Param::Kind::choice,
           {kInt8, kFloat},
           kInt8,
           {"int8", "float"}},
          float_param("x", "element type of x and y", {DType::f32, DType::f16}),
          float_param("scale", "element type of weight_scales", {DType::f32, DType::f16, DType::bf16}),
          {"bias", "bias is added", Param::Kind::flag, {0, 1}, 0},
          {"lead", "number of dimensions that M is spread over", Param::Kind::integer, {1, 2, 3}, 1}};
}

std::vector<Size> sizes() {
  return {{"M", "rows of activation", {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33}},
          {"K", "reduction", {7, 8, 12, 16, 32, 36, 40, 48, 64, 96, 128, 144, 192, 256, 320, 384, 512, 1024, 2048}},
          {"N", "outputs", {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 129}}};
}

// `each`: the shape of the activation's parameters.
std::vector<Port> activation_ports(const std::string& scales, const std::string& each) {
  return {{.name = "x", .meaning = "activation", .dtype = "x", .shape = "M..., K", .fill = Fill::activation},
          {.name = scales,
           .meaning = "scale of the activation",
           .dtype = "f32",
           .shape = each,
           .fill = Fill::activation_scale},
          {.name = "input_zp",
           .meaning = "zero point of the activation",
           .dtype = "i8",
           .shape = each,
           .fill = Fill::integers,
           .least_shown = 0.15}};  // it is taken off again; what is cut off shows
}

std::vector<Port> weight_ports(Port weights, const std::string& sums, const std::string& scales, const char* largest) {
  const std::string low = std::string("-") + largest;
  return {std::move(weights),
          {.name = "weight_sums",
           .meaning = "sums of the codes of each group",
           .dtype = "i32",
           .shape = sums,
           .role = Role::constant,
           .fill = Fill::code_sums,
           .low = low,
           .high = largest},
          {.name = "weight_scales",
           .meaning = "scale of each group",
           .dtype = "scale",
           .shape = scales,
           .role = Role::constant,
           .fill = Fill::scale},
          {.name = "bias",
           .meaning = "added to every row",
           .dtype = "f32",
           .shape = "N",
           .role = Role::constant,
           .fill = Fill::bias,
           .present_if = "bias"}};
}

template <typename T>
std::vector<T> joined(std::vector<T> a, std::vector<T> b) {
  a.insert(a.end(), std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()));
  return a;
}

}  // namespace

Op linear_dq8ca_q4gsw() {
  const Port weights{.name = "weights",
                     .meaning = "packed codes",
                     .dtype = "u8",
                     .shape = "N, ceil_to(K, 8)/2",
                     .role = Role::constant,
                     .fill = Fill::codes,
                     .layouts = {"et_vk.q4gsw"}};
  const Param group{"group",
                    "elements of K that share a scale",
                    Param::Kind::integer,
                    {4, 7, 8, 12, 16, 32, 48, 64, 96, 128, 256},
                    std::nullopt};
  return {
      .name = "linear_dq8ca_q4gsw",
      .summary = "linear layer, activation quantised to int8 row by row, 4-bit symmetric group-scaled weights",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_dq8ca_q4gsw",
      .semantics =
          "y[m, n] = input_scales[m] * sum_g weight_scales[g, n] * (sum_(k in g) q[m, k] * (nibble[n, k] - 8) - "
          "input_zp[m] * weight_sums[g, n]) + bias[n], q = clamp(rne(x * (1/input_scales)) + input_zp, -128, 127)",
      .sizes = sizes(),
      .params = joined({group}, common_params()),
      .inputs = joined(activation_ports("input_scales", "M..."),
                       weight_ports(weights, "K/group, ceil_to(N, 8)", "K/group, N", "8 * group")),
      .outputs = {{.name = "y", .meaning = "result", .dtype = "x", .shape = "M..., N"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"group >= 1 && group <= 524288", "a group has elements, and its sum of products 32 bits"},
                      {"K % group == 0", "groups divide the reduction"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K/group + activation * (K - K/group)",
      .products = "K",
      .max_code_magnitude = 8,
      .evaluate = evaluate_linear,
  };
}

Op linear_q8ta_q8csw() {
  const Port weights{.name = "weights",
                     .meaning = "codes",
                     .dtype = "i8",
                     .shape = "N, K",
                     .role = Role::constant,
                     .fill = Fill::integers};
  return {
      .name = "linear_q8ta_q8csw",
      .summary = "linear layer, activation quantised to int8 with one scale, 8-bit weights with a scale for each row",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_q8ta_q8csw",
      .semantics =
          "y[m, n] = input_scale * weight_scales[n] * (sum_k q[m, k] * weights[n, k] - input_zp * weight_sums[n]) + "
          "bias[n], q = clamp(rne(x * (1/input_scale)) + input_zp, -128, 127)",
      .sizes = sizes(),
      .params = common_params(),
      .inputs = joined(activation_ports("input_scale", "1"), weight_ports(weights, "ceil_to(N, 4)", "N", "128 * K")),
      .outputs = {{.name = "y", .meaning = "result", .dtype = "x", .shape = "M..., N"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K <= 65536", "a sum of products has 32 bits"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "1 + activation * (K - 1)",
      .products = "K",
      .max_code_magnitude = 128,
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
