#include "reference/kernel/linear_int8.h"

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "reference/kernel/ports.h"
#include "reference/kernel/sum_stand_in.h"
#include "reference/quant/quantised_code.h"

namespace plumb {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };
enum Activation : std::int64_t { kInt8, kFloat };

Matrix matrix_of(const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  Matrix matrix(rows, columns);
  for (std::int64_t i = 0; i < tensor.size(); ++i) matrix.data()[i] = tensor.at(i);
  return matrix;
}

std::vector<double> flatten(const Matrix& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

// The constant inputs. Scales and sums are [G, N], rows of sums as wide as they are stored.
struct Weight {
  Matrix code, scale, sum;
  Row bias;
  std::int64_t group;
};

Weight weight_of(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const Tensor &scales = problem.inputs[kWeightScales], &sums = problem.inputs[kWeightSums];
  const std::int64_t groups = extent.rows == 0 ? 1 : scales.size() / extent.rows;
  Weight w{Matrix(extent.rows, extent.columns), matrix_of(scales, groups, extent.rows),
           matrix_of(sums, groups, sums.size() / groups), Row::Zero(extent.rows), extent.columns / groups};
  if (problem.inputs[kWeights].dtype() == DType::u8) {
    const std::vector<int> codes = unpack(layout_named("et_vk.q4gsw"), extent, problem.inputs[kWeights].codes());
    std::copy(codes.begin(), codes.end(), w.code.data());
  } else {
    w.code = matrix_of(problem.inputs[kWeights], extent.rows, extent.columns);
  }
  const Tensor& bias = problem.inputs[kBias];
  for (std::int64_t n = 0; n < bias.size(); ++n) w.bias(n) = bias.at(n);
  return w;
}

// What bound.h needs, growing from group to group.
struct Terms {
  Matrix value, magnitude, peak, underflow;
  Column largest_activation;

  Terms(std::int64_t rows, const Row& bias)
      : value(bias.replicate(rows, 1)),
        magnitude(value.cwiseAbs()),
        peak(magnitude),
        underflow(Matrix::Constant(rows, bias.size(), 2)),
        largest_activation(Column::Zero(rows)) {}

  [[nodiscard]] Expected expected(const Weight& w) const {
    Row largest_weight = Row::Zero(w.code.rows());
    for (std::int64_t g = 0; g < w.scale.rows(); ++g) {
      const Row codes = w.code.middleCols(g * w.group, w.group).cwiseAbs().rowwise().maxCoeff().transpose();
      largest_weight = largest_weight.cwiseMax(codes.cwiseProduct(w.scale.row(g).cwiseAbs()));
    }
    return {.value = flatten(value),
            .magnitude = flatten(magnitude),
            .peak = flatten(peak),
            .underflow = flatten(underflow),
            .largest_activation = flatten(largest_activation.replicate(1, value.cols())),
            .largest_weight = flatten(largest_weight.replicate(value.rows(), 1))};
  }
};

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

Matrix integer_sums(const Matrix& a, const Matrix& w) {
  SumStandIn* stand_in = SumStandIn::current();
  const auto other = stand_in == nullptr ? std::nullopt : stand_in->integer_sums(a, w);
  return other ? *other : a * w.transpose();
}

// The other outcome of each tie: what it adds to every output of its row, and to what the bound is computed from.
void add_ties(const QuantisedActivation& a, const Weight& w, Expected& expected) {
  if (!a.ties.empty()) expected.steps.resize(expected.value.size());
  const std::int64_t outputs = w.code.rows();
  for (const Tie& tie : a.ties) {
    for (std::int64_t n = 0; n < outputs; ++n) {
      const auto at = static_cast<std::size_t>(tie.row * outputs + n);
      const double scale = w.scale(tie.column / w.group, n), sum = tie.step * w.code(n, tie.column);
      const double step = a.scale(tie.row) * scale * sum, size = std::abs(step);
      expected.steps[at].push_back(step);
      expected.magnitude[at] += size;
      expected.peak[at] += std::max({size, std::abs(sum), std::abs(sum * scale), std::abs(sum * a.scale(tie.row))});
      expected.underflow[at] += std::abs(sum) * (1 + std::abs(scale) + std::abs(a.scale(tie.row)));
    }
  }
  for (const std::int64_t m : a.undefined_rows) {
    for (std::int64_t n = 0; n < outputs; ++n) {
      expected.peak[static_cast<std::size_t>(m * outputs + n)] = std::numeric_limits<double>::infinity();
    }
  }
}

// Shows the groups' scaled sums to whoever looks on.
void show(SumStandIn& watcher, const std::vector<Matrix>& scaled, const Weight& w) {
  const std::int64_t rows = scaled.empty() ? 0 : scaled[0].rows();
  watcher.see(
      {rows, w.code.rows(), std::ssize(scaled),
       [&](std::int64_t m, std::int64_t n, std::int64_t g) { return scaled[static_cast<std::size_t>(g)](m, n); },
       [&](std::int64_t n) { return w.bias(n); }});
}

// A product is S * w * a of a group's integer sum and the two scales, in any order; its roundings are those of S as a
// float, of two products, and of partial sums. If a, w, a w, S w, S a, S w a and each partial sum, scaled by a or not
// yet, are off by one unit, the result is off by at most
//   sum_g (|S w| + |S a| + |S| + |a| + |w| + 1 + |a| + 1) + 2 units, and |sum_g S w| more if a is.
Expected evaluate_int8(const Problem& problem, const Weight& w) {
  const QuantisedActivation a = quantised(problem);
  Terms terms(a.code.rows(), w.bias);
  const Column abs_a = a.scale.cwiseAbs();
  Matrix unscaled = Matrix::Zero(a.code.rows(), w.code.rows());
  std::vector<Matrix> scaled;
  for (std::int64_t g = 0; g < w.scale.rows(); ++g) {
    const Row sums = w.sum.row(g).head(w.code.rows()), scale = w.scale.row(g), abs_w = scale.cwiseAbs();
    const Matrix s = integer_sums(a.code.middleCols(g * w.group, w.group), w.code.middleCols(g * w.group, w.group)) -
                     a.zero_point * sums;
    const Matrix abs_s = s.cwiseAbs(), s_w = abs_s * abs_w.asDiagonal(), s_a = abs_a.asDiagonal() * abs_s;
    scaled.push_back(a.scale.asDiagonal() * (s * scale.asDiagonal()));
    terms.value += scaled.back();
    terms.magnitude += abs_a.asDiagonal() * s_w;
    unscaled += s_w;
    terms.peak = terms.peak.cwiseMax(abs_s).cwiseMax(s_a).cwiseMax(abs_a * abs_w);
    terms.underflow += 2 * s_w + s_a + abs_s + (2 * abs_a).replicate(1, s.cols()) + abs_w.replicate(s.rows(), 1);
    terms.underflow.array() += 2;
  }
  if (SumStandIn* watcher = SumStandIn::current()) show(*watcher, scaled, w);
  terms.peak = terms.peak.cwiseMax(terms.magnitude).cwiseMax(unscaled);
  for (std::int64_t m = 0; m < a.code.rows() && a.code.cols() > 0; ++m) {
    terms.largest_activation(m) = (a.code.row(m).array() - a.zero_point(m)).abs().maxCoeff();
  }
  Expected expected = terms.expected(w);
  add_ties(a, w, expected);
  return expected;
}

// sum_k x_k w_k as in linear_q4gsw.cc, which derives the terms.
Expected evaluate_float(const Problem& problem, const Weight& w) {
  const std::int64_t rows = problem.signature["M"], columns = problem.signature["K"];
  Matrix x = matrix_of(problem.inputs[kX], rows, columns);
  if (SumStandIn* stand_in = SumStandIn::current()) stand_in->change_activation(x);
  const Matrix abs_x = x.cwiseAbs();
  Terms terms(rows, w.bias);
  for (std::int64_t g = 0; g < w.scale.rows(); ++g) {
    const Row scale = w.scale.row(g), abs_scale = scale.cwiseAbs();
    const Matrix code = w.code.middleCols(g * w.group, w.group).transpose(), abs_code = code.cwiseAbs();
    const Matrix own = abs_x.middleCols(g * w.group, w.group), unscaled = own * abs_code;
    terms.value += x.middleCols(g * w.group, w.group) * code * scale.asDiagonal();
    terms.magnitude += unscaled * abs_scale.asDiagonal();
    const Row largest = abs_code.colwise().maxCoeff().cwiseProduct(abs_scale);
    terms.peak = terms.peak.cwiseMax(unscaled).cwiseMax(largest.replicate(rows, 1));
    const Row w_sum = abs_code.colwise().sum().cwiseProduct(abs_scale);
    const Row of_weight = w_sum + 2.0 * static_cast<double>(w.group) * abs_scale;
    terms.underflow += ((unscaled.colwise() + own.rowwise().sum()).rowwise() + of_weight);
    terms.underflow.array() += 4.0 * static_cast<double>(w.group);
  }
  if (SumStandIn* watcher = SumStandIn::current()) {
    watcher->see({rows, w.code.rows(), columns,
                  [&](std::int64_t m, std::int64_t n, std::int64_t k) {
                    return x(m, k) * w.code(n, k) * w.scale(k / w.group, n);
                  },
                  [&](std::int64_t n) { return w.bias(n); }});
  }
  terms.peak = terms.peak.cwiseMax(terms.magnitude);
  if (columns > 0) terms.largest_activation = abs_x.rowwise().maxCoeff();
  return terms.expected(w);
}

Answer evaluate(const Problem& problem) {
  const Weight w = weight_of(problem);
  return {problem.signature["activation"] == kInt8 ? evaluate_int8(problem, w) : evaluate_float(problem, w)};
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
      .evaluate = evaluate,
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
      .evaluate = evaluate,
  };
}

}  // namespace plumb
