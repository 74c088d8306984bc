// Operators that move elements without changing any.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reference/error.h"
#include "reference/graph/operators.h"

namespace plumb::graph {
namespace {

Values reshaped(Values values, Shape shape) {
  values.shape = resolved_shape(std::move(shape), static_cast<std::int64_t>(values.size()));
  return values;
}

template <const char* name>
std::vector<Values> reshape(const Call& call) {
  return {reshaped(call.tensor("self"), call.integers(name))};
}

// 0 in the target shape is the input's dimension if special_zero says so.
std::vector<Values> ov_reshape(const Call& call) {
  Values values = call.tensor("self");
  Shape shape = call.integers("shape");
  for (std::size_t i = 0; call.flag("special_zero", false) && i < shape.size(); ++i) {
    if (shape[i] == 0 && i < values.shape.size()) shape[i] = values.shape[i];
  }
  return {reshaped(std::move(values), std::move(shape))};
}

std::vector<Values> flatten(const Call& call) {
  Values values = call.tensor("self");
  const std::size_t rank = values.shape.size();
  const std::size_t first = axis_of(call.integer("start_dim", 0), rank),
                    last = axis_of(call.integer("end_dim", -1), rank);
  Shape shape(values.shape.begin(), values.shape.begin() + static_cast<std::ptrdiff_t>(first));
  std::int64_t product = 1;
  for (std::size_t i = first; i <= last; ++i) product *= values.shape[i];
  shape.push_back(product);
  shape.insert(shape.end(), values.shape.begin() + static_cast<std::ptrdiff_t>(last) + 1, values.shape.end());
  return {reshaped(std::move(values), std::move(shape))};
}

std::vector<Values> unsqueeze(const Call& call) {
  Values values = call.tensor("self");
  const std::vector<std::int64_t> axes = call.integers("dim");
  if (axes.size() != 1) throw Error("expected one axis");
  const std::size_t axis = axis_of(axes[0], values.shape.size() + 1);
  values.shape.insert(values.shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return {values};
}

// Tensors one after the other along an axis they all have.
Values joined(const std::vector<const Values*>& parts, std::size_t axis) {
  Shape shape = parts[0]->shape;
  shape[axis] = 0;
  for (const Values* part : parts) {
    Shape other = part->shape;
    if (other.size() != shape.size()) throw Error("tensors of different ranks are joined");
    shape[axis] += other[axis];
    other[axis] = shape[axis];
    if (other != shape) throw Error("tensors of different shapes are joined");
  }
  Values result = values_of(parts[0]->element, shape);
  const bool open = std::ranges::any_of(parts, [](const Values* part) { return !part->error.empty(); });
  if (open) result.error.resize(result.size());
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  std::size_t start = 0;
  const std::size_t row = static_cast<std::size_t>(shape[axis]) * inner;
  for (const Values* part : parts) {
    const std::size_t run = static_cast<std::size_t>(part->shape[axis]) * inner;
    for (std::size_t i = 0; i < part->size(); ++i) {
      const std::size_t at = i / run * row + start + i % run;
      result.value[at] = part->value[i];
      if (open) result.error[at] = part->error_at(i);
    }
    start += run;
  }
  return result;
}

std::vector<Values> concat(const Call& call) {
  const std::vector<const Values*> parts = call.tensors("tensors");
  return {joined(parts, axis_of(call.integer("dim", 0), parts[0]->shape.size()))};
}

std::vector<Values> stack(const Call& call) {
  std::vector<Values> parts;
  std::vector<const Values*> pointers;
  std::size_t axis = 0;
  for (const Values* part : call.tensors("tensors")) {
    parts.push_back(*part);
    axis = axis_of(call.integer("dim", 0), part->shape.size() + 1);
    parts.back().shape.insert(parts.back().shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  }
  for (const Values& part : parts) pointers.push_back(&part);
  return {joined(pointers, axis)};
}

// OpenVINO's Concat takes its parts as arguments of their own.
std::vector<Values> ov_concat(const Call& call) {
  std::vector<Values> parts;
  std::vector<const Values*> pointers;
  for (std::size_t i = 0; i < call.node().arguments.size(); ++i)
    parts.push_back(call.tensor(fmt::format("input_{}", i)));
  for (const Values& part : parts) pointers.push_back(&part);
  if (parts.empty()) throw Error("has no inputs");
  return {joined(pointers, axis_of(call.integer("axis"), parts[0].shape.size()))};
}

Values permuted(const Values& from, const std::vector<std::int64_t>& order) {
  const std::size_t rank = from.shape.size();
  std::vector<std::size_t> axes;
  for (const std::int64_t axis : order) axes.push_back(axis_of(axis, rank));
  std::vector<std::size_t> each = axes;
  std::ranges::sort(each);
  each.erase(std::ranges::unique(each).begin(), each.end());
  if (axes.size() != rank || each.size() != rank) throw Error("a permutation does not name each axis once");
  Shape shape(rank);
  std::vector<std::size_t> strides(rank, 1);
  for (std::size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * static_cast<std::size_t>(from.shape[i]);
  for (std::size_t i = 0; i < rank; ++i) shape[i] = from.shape[axes[i]];
  return gathered(from, shape, [&](std::size_t flat) {
    std::size_t index = 0;
    for (std::size_t i = rank; i-- > 0;) {
      index += flat % static_cast<std::size_t>(shape[i]) * strides[axes[i]];
      flat /= static_cast<std::size_t>(shape[i]);
    }
    return index;
  });
}

std::vector<Values> permute(const Call& call) { return {permuted(call.tensor("self"), call.integers("dims"))}; }

std::vector<Values> transpose(const Call& call) {
  const Values values = call.tensor("self");
  if (values.shape.size() > 2) throw Error("a transpose of rank 2 at most");
  std::vector<std::int64_t> order(values.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  return {permuted(values, order)};
}

std::vector<Values> flip(const Call& call) {
  const Values from = call.tensor("self");
  const std::size_t rank = from.shape.size();
  std::vector<bool> flipped(rank, false);
  for (const std::int64_t axis : call.integers("dims")) flipped[axis_of(axis, rank)] = true;
  return {gathered(from, from.shape, [&](std::size_t flat) {
    std::size_t index = 0, stride = 1;
    for (std::size_t i = rank; i-- > 0;) {
      const auto dim = static_cast<std::size_t>(from.shape[i]);
      const std::size_t at = flat % dim;
      index += (flipped[i] ? dim - 1 - at : at) * stride;
      stride *= dim;
      flat /= dim;
    }
    return index;
  })};
}

std::vector<Values> slice(const Call& call) {
  const Values from = call.tensor("self");
  const std::size_t axis = axis_of(call.integer("dim", 0), from.shape.size());
  const std::int64_t dim = from.shape[axis], step = call.integer("step", 1);
  const auto bounded = [dim](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? std::max(at, -dim) + dim : at, 0, dim);
  };
  const std::int64_t start = bounded(call.integer("start", 0)),
                     end = std::max(start, bounded(call.integer("end", dim)));
  if (step < 1) throw Error("a slice with a step below 1");
  Shape shape = from.shape;
  shape[axis] = (end - start + step - 1) / step;
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  const std::size_t row = static_cast<std::size_t>(shape[axis]) * inner;
  return {gathered(from, shape, [&](std::size_t flat) {
    const std::size_t at = flat % row / inner * static_cast<std::size_t>(step) + static_cast<std::size_t>(start);
    return flat / row * static_cast<std::size_t>(dim) * inner + at * inner + flat % inner;
  })};
}

// Rows (or other slices along an axis) by number.
Values picked(const Values& from, const Values& indices, std::size_t axis) {
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < from.shape.size(); ++i) inner *= static_cast<std::size_t>(from.shape[i]);
  const auto dim = static_cast<double>(from.shape[axis]);
  for (const double index : indices.value) {
    if (!(index >= 0 && index < dim)) throw Error(fmt::format("index {} of {}", index, dim));
  }
  Shape shape(from.shape.begin(), from.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), from.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, from.shape.end());
  const std::size_t row = std::max<std::size_t>(1, indices.size() * inner);
  return gathered(from, shape, [&](std::size_t flat) {
    const auto index = static_cast<std::size_t>(indices.value[flat % row / inner]);
    return flat / row * static_cast<std::size_t>(dim) * inner + index * inner + flat % inner;
  });
}

std::vector<Values> embedding(const Call& call) {
  const Values table = call.tensor("weight");
  if (table.shape.size() != 2) throw Error("a table has two axes");
  return {picked(table, call.tensor("indices"), 0)};
}

std::vector<Values> gather(const Call& call) {
  if (call.integer("batch_dims", 0) != 0) throw Error("batch_dims other than 0");
  const Values from = call.tensor("data");
  return {picked(from, call.tensor("indices"), axis_of(call.integer("axis"), from.shape.size()))};
}

std::vector<Values> shape_of(const Call& call) {
  const Shape shape = call.tensor("self").shape;
  Values result = values_of(call.element(), {static_cast<std::int64_t>(shape.size())});
  for (std::size_t i = 0; i < shape.size(); ++i) result.value[i] = static_cast<double>(shape[i]);
  return {result};
}

constexpr char kShape[] = "shape", kSize[] = "size";

}  // namespace

std::vector<Operator> moving_operators() {
  constexpr Memory kView = Memory::perhaps_of_first_argument;
  std::vector<std::string_view> parts = {"input_0", "input_1", "input_2", "input_3",
                                         "input_4", "input_5", "input_6", "input_7"};
  return {
      {"aten::reshape", {"self", "shape"}, reshape<kShape>, kView},
      {"aten::view", {"self", "size"}, reshape<kSize>, kView},
      {"aten::view_copy", {"self", "size"}, reshape<kSize>},
      {"aten::flatten.using_ints", {"self", "start_dim", "end_dim"}, flatten, kView},
      {"aten::unsqueeze", {"self", "dim"}, unsqueeze, kView},
      {"aten::stack", {"tensors", "dim"}, stack},
      {"aten::cat", {"tensors", "dim"}, concat},
      {"aten::permute", {"self", "dims"}, permute, kView},
      {"aten::permute_copy", {"self", "dims"}, permute},
      {"aten::t", {"self"}, transpose, kView},
      {"aten::t_copy", {"self"}, transpose},
      {"aten::flip", {"self", "dims"}, flip},
      {"aten::slice.Tensor", {"self", "dim", "start", "end", "step"}, slice, kView},
      {"aten::embedding", {"weight", "indices", "padding_idx", "scale_grad_by_freq", "sparse"}, embedding},
      {"ov::Reshape", {"self", "shape"}, ov_reshape},
      {"ov::Unsqueeze", {"self", "dim"}, unsqueeze},
      {"ov::Concat", parts, ov_concat},
      {"ov::Transpose", {"self", "dims"}, permute},
      {"ov::Gather", {"data", "indices", "axis"}, gather},
      {"ov::ShapeOf", {"self"}, shape_of},
  };
}

}  // namespace plumb::graph
