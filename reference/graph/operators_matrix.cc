// Operators that sum: matrix products and sums. What upstream's own order of summation may change goes into the error.
#include <fmt/format.h>

#include <cmath>

#include "reference/bound.h"
#include "reference/error.h"
#include "reference/graph/operators.h"

namespace plumb::graph {
namespace {

// A matrix read row by row or, transposed, column by column.
struct Matrix {
  const Values& values;
  std::size_t rows, columns;
  bool transposed = false;

  [[nodiscard]] std::size_t at(std::size_t row, std::size_t column) const {
    return transposed ? column * rows + row : row * columns + column;
  }
};

// All axes but the last as rows.
Matrix rows_of(const Values& values, bool transposed = false) {
  if (values.shape.empty()) throw Error("a matrix product with a scalar");
  const auto last = static_cast<std::size_t>(values.shape.back());
  const std::size_t others = last == 0 ? 0 : values.size() / last;
  if (transposed && values.shape.size() != 2) throw Error("a transposed operand of other rank than 2");
  return transposed ? Matrix{values, last, others, true} : Matrix{values, others, last};
}

// a [M, K] times b [K, N] plus beta * bias [N] or [M, N]. Summing k terms in f32 in any order errs by at most
// gamma_k * sum |a||b| (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., (3.5)).
Values product(const Call& call, const Matrix& a, const Matrix& b, const Values* bias, double alpha, double beta) {
  if (a.columns != b.rows) throw Error(fmt::format("a matrix product of {} columns with {} rows", a.columns, b.rows));
  Shape shape(a.values.shape.begin(), a.values.shape.end() - 1);
  if (a.transposed) shape = {static_cast<std::int64_t>(a.rows)};
  shape.push_back(static_cast<std::int64_t>(b.columns));
  Values result = values_of(call.element(), shape);
  result.error.resize(result.size());
  const double unit = unit_roundoff(info(result.element).dtype == DType::f64 ? DType::f64 : DType::f32);
  const double gamma = (static_cast<double>(a.columns) + 4) * unit / (1 - (static_cast<double>(a.columns) + 4) * unit);
  for (std::size_t m = 0; m < a.rows; ++m) {
    for (std::size_t n = 0; n < b.columns; ++n) {
      double sum = 0, magnitude = 0, inherited = 0;
      for (std::size_t k = 0; k < a.columns; ++k) {
        const std::size_t i = a.at(m, k), j = b.at(k, n);
        const double x = a.values.value[i], w = b.values.value[j];
        sum += x * w;
        magnitude += std::abs(x * w);
        inherited += std::abs(x) * b.values.error_at(j) + a.values.error_at(i) * (std::abs(w) + b.values.error_at(j));
      }
      const std::size_t at = m * b.columns + n;
      if (bias != nullptr) {
        const std::size_t i = broadcast_index(at, shape, bias->shape);
        sum = alpha * sum + beta * bias->value[i];
        magnitude = std::abs(alpha) * magnitude + std::abs(beta * bias->value[i]);
        inherited = std::abs(alpha) * inherited + std::abs(beta) * bias->error_at(i);
      }
      result.value[at] = sum;
      result.error[at] = inherited + gamma * (magnitude + inherited) + min_subnormal(DType::f32);
    }
  }
  return call.finished(std::move(result));
}

std::vector<Values> linear(const Call& call) {
  const Values x = call.tensor("input"), weight = call.tensor("weight");
  if (!call.has("bias")) return {product(call, rows_of(x), rows_of(weight, true), nullptr, 1, 1)};
  const Values bias = call.tensor("bias");
  return {product(call, rows_of(x), rows_of(weight, true), &bias, 1, 1)};
}

std::vector<Values> mm(const Call& call) {
  const Values a = call.tensor("self"), b = call.tensor("mat2");
  if (b.shape.size() != 2) throw Error("mat2 has another rank than 2");
  return {product(call, rows_of(a), rows_of(b), nullptr, 1, 1)};
}

std::vector<Values> addmm(const Call& call) {
  const Values bias = call.tensor("self"), a = call.tensor("mat1"), b = call.tensor("mat2");
  if (b.shape.size() != 2) throw Error("mat2 has another rank than 2");
  return {product(call, rows_of(a), rows_of(b), &bias, call.number("alpha", 1), call.number("beta", 1))};
}

std::vector<Values> bmm(const Call& call) {
  Values a = call.tensor("self"), b = call.tensor("mat2");
  if (a.shape.size() != 3 || b.shape.size() != 3 || a.shape[0] != b.shape[0])
    throw Error("expected two tensors of rank 3");
  Values result = values_of(call.element(), {a.shape[0], a.shape[1], b.shape[2]});
  result.error.resize(result.size());
  const std::size_t batches = static_cast<std::size_t>(a.shape[0]);
  for (std::size_t i = 0; i < batches; ++i) {
    const auto part = [&](const Values& from) {
      const std::size_t size = from.size() / batches;
      return gathered(from, {from.shape[1], from.shape[2]}, [&](std::size_t at) { return i * size + at; });
    };
    const Values x = part(a), w = part(b), y = product(call, rows_of(x), rows_of(w), nullptr, 1, 1);
    std::ranges::copy(y.value, result.value.begin() + static_cast<std::ptrdiff_t>(i * y.size()));
    std::ranges::copy(y.error, result.error.begin() + static_cast<std::ptrdiff_t>(i * y.size()));
  }
  return {result};
}

std::vector<Values> ov_matmul(const Call& call) {
  const Values a = call.tensor("self"), b = call.tensor("mat2");
  if (b.shape.size() != 2) throw Error("a second operand of other rank than 2");
  return {product(call, rows_of(a, call.flag("transpose_a", false)), rows_of(b, call.flag("transpose_b", false)),
                  nullptr, 1, 1)};
}

// Of everything: an axis list that is empty or absent.
std::vector<Values> sum(const Call& call) {
  const Values from = call.tensor("self");
  if (call.has("dim") && !call.integers("dim").empty()) throw Error("a sum over some axes only");
  Values result = values_of(call.element(), {});
  double magnitude = 0, inherited = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    result.value[0] += from.value[i];
    magnitude += std::abs(from.value[i]);
    inherited += from.error_at(i);
  }
  if (info(result.element).is_float) {
    result.error = {inherited +
                    static_cast<double>(from.size()) * unit_roundoff(DType::f32) * (magnitude + inherited) * 1.01};
  }
  return {call.finished(std::move(result))};
}

}  // namespace

std::vector<Operator> matrix_operators() {
  return {
      {"aten::linear", {"input", "weight", "bias"}, linear},
      {"aten::mm", {"self", "mat2"}, mm},
      {"aten::bmm", {"self", "mat2"}, bmm},
      {"aten::addmm", {"self", "mat1", "mat2"}, addmm},
      {"aten::sum", {"self"}, sum},
      {"aten::sum.dim_IntList", {"self", "dim"}, sum},
      {"ov::MatMul", {"self", "mat2"}, ov_matmul},
  };
}

}  // namespace plumb::graph
