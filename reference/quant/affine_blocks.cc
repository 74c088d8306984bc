#include "reference/quant/affine_blocks.h"

#include <fmt/format.h>

namespace plumb {

std::vector<Size> affine_sizes() {
  return {{"M", "rows, over all leading dimensions", {1, 2, 3, 6, 12}},
          {"K", "columns", {1, 7, 8, 32, 33, 64, 66, 128, 256, 640}}};
}

std::vector<Param> block_params() {
  return {{"lead", "number of dimensions the rows are spread over", Param::Kind::integer, {1, 2}, 1},
          {"rows", "rows of a block", Param::Kind::integer, {1, 2, 3}, 1},
          {"group", "columns of a block", Param::Kind::integer, {1, 7, 8, 32, 33, 64}, {}}};
}

std::vector<Param> range_params() {
  return {{"quant_min", "smallest code", Param::Kind::integer, {-8, 0, -128, -1}, -8},
          {"quant_max", "largest code", Param::Kind::integer, {7, 15, 127, 255, 0}, 7}};
}

Param dtype_param(std::string name, std::string meaning, const std::vector<DType>& values) {
  Param param{std::move(name), std::move(meaning), Param::Kind::dtype, {}, static_cast<std::int64_t>(values.front())};
  for (const DType value : values) param.values.push_back(static_cast<std::int64_t>(value));
  return param;
}

std::vector<Constraint> affine_constraints() {
  return {{"rows > 0", "a block has rows"},
          {"group > 0", "a block has columns"},
          {"M % rows == 0", "blocks fill the rows"},
          {"K % group == 0", "blocks fill the columns"},
          {"quant_min < quant_max", "a range has two codes or more"},
          {"quant_min >= -128 && quant_max <= 255 && quant_max - quant_min <= 255", "codes have at most 8 bits"}};
}

std::vector<Constraint> range_fits(const std::string& param) {
  return {{fmt::format("{} != {} || quant_max <= 127", param, static_cast<int>(DType::i8)), "codes fit i8"},
          {fmt::format("{} != {} || quant_min >= 0", param, static_cast<int>(DType::u8)), "codes fit u8"}};
}

}  // namespace plumb
