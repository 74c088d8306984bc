#include "runners/golden_bindings/recorded_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/golden_bindings/affine.h"

namespace plumb {

golden::Array taken(const golden::Case& whole, std::string_view name, const char* as) {
  const golden::Array* found = find_array(whole.inputs, name);
  if (found == nullptr) found = find_array(whole.outputs, name);
  if (found == nullptr) throw Error(fmt::format("{}: expected a recorded tensor '{}'", whole.name, name));
  golden::Array array = *found;
  array.name = as;
  return array;
}

golden::Case step_of(const golden::Case& whole, Step step, const WholeNames& names) {
  golden::Case result = whole;
  const bool from_values = step != Step::dequantize;
  result.inputs = {taken(whole, from_values ? names.values : names.codes, "input")};
  if (step == Step::choose) return result;
  std::vector<golden::Array> parameters = {taken(whole, "scale", "scale")};
  if (names.has_zero_point) parameters.push_back(taken(whole, "zero_point", "zero_point"));
  result.inputs.insert(result.inputs.end(), parameters.begin(), parameters.end());
  result.outputs = {step == Step::quantize ? taken(whole, names.codes, "output")
                                           : taken(whole, "dequantized", "output")};
  return result;
}

golden::Array array_of(const char* name, const Tensor& tensor, const char* accept) {
  return {name,           std::string(to_string(tensor.dtype())),
          tensor.shape(), {tensor.bytes().begin(), tensor.bytes().end()},
          accept,         "",
          tensor.shape()};
}

Tensor tensor_of(const golden::Array& array) { return {dtype_from_string(array.dtype), array.shape, array.bytes}; }

golden::Array transposed(const golden::Array& array, std::optional<DType> dtype) {
  const Tensor from = tensor_of(array);
  Tensor to(dtype.value_or(from.dtype()), {from.shape()[1], from.shape()[0]});
  for (std::int64_t i = 0; i < to.size(); ++i) {
    const std::int64_t row = i / to.shape()[1], column = i % to.shape()[1];
    to.set(i, from.at(column * from.shape()[1] + row));
  }
  return array_of(array.name.c_str(), to);
}

golden::Array unpacked_codes(const golden::Array& packed, const std::string& layout, const Extent& extent,
                             DType dtype) {
  std::vector<std::uint8_t> bytes(packed.bytes.size());
  std::ranges::transform(packed.bytes, bytes.begin(),
                         [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  const std::vector<int> codes = unpack(layout_named(layout), extent, bytes);
  Tensor tensor(dtype, {extent.rows, extent.columns});
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, codes[static_cast<std::size_t>(i)]);
  return array_of("codes", tensor, packed.accept.c_str());
}

}  // namespace plumb
