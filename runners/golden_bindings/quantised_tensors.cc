// torchao's quantised tensors as a whole: how they are made, cut and looked up.
#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

void adapt_plain_int32(const Case& recorded, Sizes& params) { params["group"] = block_size_of(recorded).back(); }

void append_plain_int32(std::vector<GoldenBinding>& bindings) {
  const auto append = [&](const char* device, const char* op, Sizes fixed) {
    bindings.push_back({.golden_op = fmt::format("torchao.Int4PlainInt32Tensor.from_hp.{}", device),
                        .op = op,
                        .inputs = {{"w", "w"}},
                        .attributes = {},
                        .outputs = {{"qdata", "qdata"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
                        .output_dtypes = {},
                        .fixed = std::move(fixed),
                        .adapt = adapt_plain_int32});
  };
  append("xpu", "quantize_plain_int32", {});
  append("npu", "quantize_plain_int32_npu", {});
  // Upstream refuses a device of which it has no variant; ours takes none as a parameter.
  append("cpu", "quantize_plain_int32", {{"cpu", 1}});
}

void adapt_slice(const Case& recorded, Sizes& params) {
  const Shape& shape = array_named(recorded.inputs, "qdata").shape;
  const std::int64_t start = integer_of(recorded, "start").value_or(0);
  const std::int64_t end = integer_of(recorded, "end").value_or(0);
  params["block"] = block_size_of(recorded).back();
  const bool of_rows = integer_of(recorded, "dim") == 0;
  params["first_row"] = of_rows ? start : 0;
  params["rows"] = of_rows ? end - start : shape[0];
  params["first_column"] = of_rows ? 0 : start;
  params["columns"] = of_rows ? shape[1] : end - start;
}

// The rows of a tensor [any, width] that are looked up.
Array gathered(const Array& from, const std::vector<std::int64_t>& rows, const char* name) {
  const std::size_t row_bytes = from.bytes.size() / static_cast<std::size_t>(from.shape[0]);
  Array to = from;
  to.name = name;
  to.shape = to.logical_shape = {std::ssize(rows), from.shape[1]};
  to.bytes.clear();
  for (const std::int64_t row : rows) {
    const auto at = from.bytes.begin() + row * static_cast<std::int64_t>(row_bytes);
    to.bytes.insert(to.bytes.end(), at, at + static_cast<std::int64_t>(row_bytes));
  }
  return to;
}

// A lookup dequantises the rows that it finds.
std::optional<Case> looked_up(Case recorded) {
  const Array& indices = array_named(recorded.inputs, "indices");
  const Tensor numbers(dtype_from_string(indices.dtype), indices.shape, indices.bytes);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < numbers.size(); ++i) rows.push_back(static_cast<std::int64_t>(numbers.at(i)));
  const std::int64_t half = std::int64_t{1} << (integer_of(recorded, "bits").value_or(8) - 1);
  recorded.attributes["quant_min"] = -half;
  recorded.attributes["quant_max"] = half - 1;
  recorded.inputs = {gathered(array_named(recorded.inputs, "qdata"), rows, "input"),
                     gathered(array_named(recorded.inputs, "scale"), rows, "scale"),
                     gathered(array_named(recorded.inputs, "zero_point"), rows, "zero_point")};
  Array& output = recorded.outputs.front();
  output.shape = output.logical_shape = recorded.inputs.front().shape;
  return on_grid(std::move(recorded));
}

// Its result is a number upstream, and a tensor of one here.
std::optional<Case> with_one_element(Case recorded) {
  recorded.outputs.front().shape = recorded.outputs.front().logical_shape = {1};
  return recorded;
}

}  // namespace

std::vector<GoldenBinding> quantised_tensor_bindings() {
  std::vector<GoldenBinding> bindings;
  append_plain_int32(bindings);
  bindings.push_back({.golden_op = "torchao.IntxUnpackedToInt8Tensor.slice",
                      .op = "slice_groups",
                      .inputs = {{"qdata", "codes"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
                      .attributes = {},
                      .outputs = {{"qdata", "codes_out"}, {"scale", "scale_out"}, {"zero_point", "zero_point_out"}},
                      .output_dtypes = {},
                      .adapt = adapt_slice});
  bindings.push_back(
      dequantize("torchao.IntxUnpackedToInt8Tensor.embedding", {{"scale", "scale"}, {"zero_point", "zero_point"}}));
  bindings.back().restate = looked_up;
  bindings.push_back({.golden_op = "torchao.compute_error",
                      .op = "compute_error",
                      .inputs = {{"x", "x"}, {"y", "y"}},
                      .attributes = {},
                      .outputs = {{"sqnr_db", "sqnr"}},
                      .output_dtypes = {},
                      .restate = with_one_element});
  return bindings;
}

}  // namespace plumb
