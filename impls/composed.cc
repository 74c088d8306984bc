#include "impls/composed.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "impls/kernel_steps.h"

namespace plumb {
namespace {

constexpr std::int64_t kAsymmetric = 2, k1e6 = 1;  // choose_qparams_affine's words

// Zero points that the next step accepts. Those of groups with NaN or infinities may be anything, as may what is made
// of them.
Tensor within(Tensor zero_points, double low, double high) {
  for (std::int64_t i = 0; i < zero_points.size(); ++i) {
    const double value = zero_points.at(i);
    zero_points.set(i, std::isnan(value) ? low : std::clamp(value, low, high));
  }
  return zero_points;
}

// Codes that are NaN, of which kernels may make any: 0, where a value and its scale's reciprocal are 0 and infinite.
void clear_nan_codes(const Tensor& x, const Tensor& scale, Tensor& codes) {
  const std::int64_t columns = x.shape()[1];
  for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
    const double reciprocal = round_to(scale.dtype(), round_to(DType::f32, 1 / scale.at(row)));
    if (std::isfinite(reciprocal) && reciprocal != 0) continue;
    for (std::int64_t i = row * columns; i < (row + 1) * columns; ++i) {
      if (std::isnan(x.at(i) * reciprocal)) codes.set(i, 0);
    }
  }
}

void fake_quantize(const AffineSteps& steps, const Call& call) {
  const std::int64_t rows = call["M"], columns = call["K"];
  const Tensor x = copied_input(call, 0, {rows, columns});
  const Sizes range = {{"group", columns}, {"quant_min", -128}, {"quant_max", 127}};
  Sizes choice = range, code = range, result = range;
  choice.insert({{"mapping", kAsymmetric}, {"eps", call["eps"]}, {"scale", call["scale"]}, {"zp", call["zp"]}});
  code["code"] = static_cast<std::int64_t>(DType::i8);
  result["y"] = call["x"];
  const std::vector<Tensor> chosen = run_step(steps.choose, choice, {x}, call.threads());
  const Tensor& scale = chosen[0];
  const Tensor zero_point = within(chosen[1], -128, 127);
  Tensor codes = run_step(steps.quantize, code, {x, scale, zero_point}, call.threads())[0];
  clear_nan_codes(x, scale, codes);
  Tensor y = run_step(steps.dequantize, result, {codes, scale, zero_point}, call.threads())[0];
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!std::isnan(chosen[1].at(row))) continue;
    for (std::int64_t k = 0; k < columns; ++k) y.set(row * columns + k, std::nan(""));
  }
  store_tensor(call, 0, y);
}

Tensor transposed(const Tensor& from) {
  const std::int64_t rows = from.shape()[0], columns = from.shape()[1], width = info(from.dtype()).size_bytes;
  Tensor to(from.dtype(), {columns, rows});
  for (std::int64_t i = 0; i < from.size(); ++i) {
    std::memcpy(to.bytes().data() + (i % columns * rows + i / columns) * width, from.bytes().data() + i * width,
                static_cast<std::size_t>(width));
  }
  return to;
}

// Codes of NaN are any i32: packing keeps four bits of them.
Tensor four_bits(Tensor codes, std::int64_t lowest) {
  for (std::int64_t i = 0; i < codes.size(); ++i) {
    const auto code = static_cast<std::int64_t>(codes.at(i));
    codes.set(i, static_cast<double>(((code - lowest) & 15) + lowest));
  }
  return codes;
}

void quantize_plain_int32(const AffineSteps& steps, const Kernel& pack, bool is_npu, const Call& call) {
  const Tensor weight = copied_input(call, 0, {call["N"], call["K"]});
  const std::int64_t lowest = is_npu ? -8 : 0;
  const Sizes range = {{"group", call["group"]}, {"quant_min", lowest}, {"quant_max", lowest + 15}};
  Sizes choice = range;
  choice.insert({{"mapping", kAsymmetric}, {"eps", k1e6}, {"scale", call["w"]}});
  choice["zp"] = static_cast<std::int64_t>(call.output_dtype(2));
  const std::vector<Tensor> chosen = run_step(steps.choose, choice, {weight}, call.threads());
  const Tensor zero_point = within(chosen[1], static_cast<double>(lowest), static_cast<double>(lowest + 15));
  const Tensor codes = run_step(steps.quantize, range, {weight, chosen[0], zero_point}, call.threads())[0];
  const Sizes sign = {{"signed", is_npu ? 1 : 0}};
  store_tensor(call, 0, run_step(pack, sign, {four_bits(codes, lowest)}, call.threads())[0]);
  store_tensor(call, 1, transposed(chosen[0]));
  store_tensor(call, 2, transposed(chosen[1]));
}

// The rows of a tensor [any, width] that are looked up.
Tensor gathered(const Tensor& from, const std::vector<std::int64_t>& rows) {
  const std::int64_t width = from.shape()[1];
  Tensor to(from.dtype(), {std::ssize(rows), width});
  const std::int64_t row_bytes = width * info(from.dtype()).size_bytes;
  for (std::int64_t i = 0; i < std::ssize(rows); ++i) {
    std::memcpy(to.bytes().data() + i * row_bytes, from.bytes().data() + rows[static_cast<std::size_t>(i)] * row_bytes,
                static_cast<std::size_t>(row_bytes));
  }
  return to;
}

void embedding_4bit(const AffineSteps& steps, const Kernel& unpack, const Call& call) {
  enum Input : std::size_t { kWeight, kScales, kZeroPoints, kIndices };
  const std::int64_t columns = call["K"], group = call["group"], range = call["N"];
  const std::vector<std::int64_t> rows = call.input_as_i64(kIndices);
  if (rows.empty()) return;
  Tensor table = gathered(copied_input(call, kWeight, {range, columns / 2}), rows);
  for (std::byte& byte : table.bytes()) {
    byte = static_cast<std::byte>(std::rotl(std::to_integer<std::uint8_t>(byte), 4));  // even columns low
  }
  const Shape grid = {range, columns / group};
  const Tensor codes = run_step(unpack, {{"columns", columns}}, {table}, call.threads())[0];
  const Tensor zero_points = call["zero_point"] == 0 ? Tensor() : gathered(copied_input(call, kZeroPoints, grid), rows);
  const Sizes params = {
      {"group", group}, {"quant_min", -8}, {"quant_max", 7}, {"y", call["scale"]}, {"zero_point", call["zero_point"]}};
  store_tensor(call, 0,
               run_step(steps.dequantize, params,
                        {codes, gathered(copied_input(call, kScales, grid), rows), zero_points}, call.threads())[0]);
}

}  // namespace

Kernel composed_fake_quantize(AffineSteps steps) {
  const plumb_contract contract = steps.choose.contract;
  return {"fake_quantize_per_token", contract, nullptr,
          [steps = std::move(steps)](const Call& call, void*) { fake_quantize(steps, call); }};
}

Kernel composed_quantize_plain_int32(AffineSteps steps, Kernel pack, bool is_npu) {
  const plumb_contract contract = steps.choose.contract;
  return {is_npu ? "quantize_plain_int32_npu" : "quantize_plain_int32", contract, nullptr,
          [steps = std::move(steps), pack = std::move(pack), is_npu](const Call& call, void*) {
            quantize_plain_int32(steps, pack, is_npu, call);
          }};
}

Kernel composed_embedding_4bit(AffineSteps steps, Kernel unpack) {
  const plumb_contract contract = steps.dequantize.contract;
  return {"embedding_4bit", contract, nullptr,
          [steps = std::move(steps), unpack = std::move(unpack)](const Call& call, void*) {
            embedding_4bit(steps, unpack, call);
          }};
}

}  // namespace plumb
