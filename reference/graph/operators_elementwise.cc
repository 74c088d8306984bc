// Operators that combine tensors element by element.
#include <cmath>

#include "reference/error.h"
#include "reference/graph/operators.h"

namespace plumb::graph {
namespace {

// f(a, b) of two tensors that broadcast; g(a, b, error of a, error of b) is how far the result may be off.
template <typename F, typename G>
std::vector<Values> combined(const Call& call, const Values& a, const Values& b, F f, G g) {
  Values result = values_of(call.element(), broadcast(a.shape, b.shape));
  const bool open = !a.error.empty() || !b.error.empty();
  if (open) result.error.resize(result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t j = broadcast_index(i, result.shape, a.shape), k = broadcast_index(i, result.shape, b.shape);
    result.value[i] = f(a.value[j], b.value[k]);
    if (open) result.error[i] = g(a.value[j], b.value[k], a.error_at(j), b.error_at(k));
  }
  return {call.finished(std::move(result))};
}

// a + factor * alpha * b, as torch and OpenVINO add and subtract.
template <int factor>
std::vector<Values> sum(const Call& call) {
  const double alpha = factor * call.number("alpha", 1);
  return combined(
      call, call.tensor("self"), call.tensor("other"), [alpha](double a, double b) { return a + alpha * b; },
      [alpha](double, double, double e, double f) { return e + std::abs(alpha) * f; });
}

std::vector<Values> product(const Call& call) {
  return combined(
      call, call.tensor("self"), call.tensor("other"), [](double a, double b) { return a * b; },
      [](double a, double b, double e, double f) { return std::abs(a) * f + std::abs(b) * e + e * f; });
}

// Of whole numbers; upstream sums none of these, so that there is no error to carry.
template <typename F>
std::vector<Values> of_integers(const Call& call, F f) {
  const auto whole = [f](double a, double b) {
    if (!(std::abs(a) < 0x1p62 && std::abs(b) < 0x1p62)) throw Error("bits of numbers that are not whole or too large");
    return static_cast<double>(f(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)));
  };
  return combined(call, call.tensor("self"), call.tensor("other"), whole, [](auto...) { return 0.0; });
}

std::vector<Values> bitwise_and(const Call& call) {
  return of_integers(call, [](std::int64_t a, std::int64_t b) { return a & b; });
}

std::vector<Values> shift_right(const Call& call) {
  return of_integers(call, [](std::int64_t a, std::int64_t b) {
    if (b < 0 || b > 62) throw Error("a shift by less than 0 or more than 62 bits");
    return a >> b;
  });
}

std::vector<Values> relu(const Call& call) {
  Values result = call.tensor("self");
  for (double& value : result.value) value = value < 0 ? 0 : value;
  return {result};
}

// To the element type that the graph records for the result.
std::vector<Values> convert(const Call& call) {
  Values result = call.tensor("self");
  result.element = call.element();
  if (!info(result.element).is_float) result.error.clear();
  return {call.finished(std::move(result))};
}

std::vector<Values> identity(const Call& call) { return {call.tensor("self")}; }

}  // namespace

std::vector<Operator> elementwise_operators() {
  constexpr Memory kView = Memory::perhaps_of_first_argument;
  const std::vector<std::string_view> two = {"self", "other"}, one = {"self"};
  return {
      {"aten::add.Tensor", two, sum<1>},
      {"aten::add.Scalar", {"self", "other", "alpha"}, sum<1>},
      {"aten::add_.Tensor", two, sum<1>, kView},
      {"aten::sub.Tensor", two, sum<-1>},
      {"aten::sub.Scalar", {"self", "other", "alpha"}, sum<-1>},
      {"aten::mul.Tensor", two, product},
      {"aten::mul.Scalar", two, product},
      {"aten::bitwise_and.Scalar", two, bitwise_and},
      {"aten::bitwise_and.Tensor", two, bitwise_and},
      {"aten::__and__.Scalar", two, bitwise_and},
      {"aten::__and__.Tensor", two, bitwise_and},
      {"aten::bitwise_right_shift.Tensor_Scalar", two, shift_right},
      {"aten::bitwise_right_shift.Tensor", two, shift_right},
      {"aten::__rshift__.Scalar", two, shift_right},
      {"aten::__rshift__.Tensor", two, shift_right},
      {"aten::relu", one, relu},
      {"aten::to.dtype", {"self", "dtype"}, convert, kView},
      {"aten::to.device", {"self", "device", "dtype"}, convert, kView},
      {"aten::_to_copy", one, convert},
      {"dim_order_ops::_to_dim_order_copy", one, convert},
      {"aten::detach", one, identity, kView},
      {"aten::detach_", one, identity, kView},
      {"aten::alias", one, identity, kView},
      {"aten::clone", one, identity},
      {"aten::lift_fresh_copy", one, identity},
      {"ov::Add", two, sum<1>},
      {"ov::Subtract", two, sum<-1>},
      {"ov::Multiply", two, product},
      {"ov::BitwiseAnd", two, bitwise_and},
      {"ov::BitwiseRightShift", two, shift_right},
      {"ov::Relu", one, relu},
      {"ov::Convert", one, convert},
  };
}

}  // namespace plumb::graph
