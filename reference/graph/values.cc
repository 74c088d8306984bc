#include "reference/graph/values.h"

#include <fmt/format.h>

#include "reference/error.h"

namespace plumb::graph {

Values values_of(Element element, Shape shape) {
  const std::int64_t count = element_count(shape);
  if (count > std::int64_t{1} << 28) {
    throw Error(fmt::format("a tensor of shape {} is too large to be interpreted", plumb::to_string(shape)));
  }
  return {element, std::move(shape), std::vector<double>(static_cast<std::size_t>(count))};
}

Values values_of(const Constant& constant) {
  Values values = values_of(constant.type.element, constant.type.shape);
  for (std::size_t i = 0; i < values.size(); ++i) values.value[i] = constant.at(static_cast<std::int64_t>(i));
  return values;
}

ConstantRef constant_of(const Values& values) { return constant_of(values.element, values.shape, values.value); }

Values gathered(const Values& from, Shape shape, const std::function<std::size_t(std::size_t)>& index) {
  Values result = values_of(from.element, std::move(shape));
  if (!from.error.empty()) result.error.resize(result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t source = index(i);
    result.value[i] = from.value[source];
    if (!from.error.empty()) result.error[i] = from.error[source];
  }
  return result;
}

Shape broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      throw Error(fmt::format("shapes {} and {} do not broadcast", plumb::to_string(a), plumb::to_string(b)));
    }
    result[rank - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

std::size_t broadcast_index(std::size_t flat, const Shape& to, const Shape& from) {
  std::size_t index = 0, stride = 1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto dim = static_cast<std::size_t>(to[to.size() - 1 - i]);
    const std::size_t at = flat % dim;
    flat /= dim;
    if (i >= from.size()) continue;
    const auto own = static_cast<std::size_t>(from[from.size() - 1 - i]);
    if (own != 1) index += at * stride;
    stride *= own;
  }
  return index;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    throw Error(fmt::format("axis {} of a tensor of rank {}", axis, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

Shape resolved_shape(Shape wanted, std::int64_t elements) {
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& dim : wanted) {
    if (dim == -1 && open == nullptr) {
      open = &dim;
    } else if (dim < 0 || __builtin_mul_overflow(known, dim, &known)) {
      throw Error(fmt::format("{} is no shape", plumb::to_string(wanted)));
    }
  }
  if (open != nullptr && known > 0 && elements % known == 0) *open = elements / known;
  if (element_count(wanted) != elements) {
    throw Error(fmt::format("{} elements do not fit shape {}", elements, plumb::to_string(wanted)));
  }
  return wanted;
}

}  // namespace plumb::graph
