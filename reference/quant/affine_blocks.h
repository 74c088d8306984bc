// What all affine operators share: a tensor [M..., K] in blocks of `rows` rows by `group` columns, with one scale and
// one zero point a block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/op.h"

namespace plumb {

/// The shape of scales and zero points: one an element of the blocked tensor's grid.
inline constexpr const char* kBlockGrid = "M/rows, K/group";

/// M and K, with sweeps that reach partial vectors and several blocks along both.
[[nodiscard]] std::vector<Size> affine_sizes();
/// lead, rows, group: how the tensor is cut.
[[nodiscard]] std::vector<Param> block_params();
/// quant_min, quant_max.
[[nodiscard]] std::vector<Param> range_params();
/// An element-type parameter; the first value is the default.
[[nodiscard]] Param dtype_param(std::string name, std::string meaning, const std::vector<DType>& values);
/// Blocks fill the tensor; the range has 2 to 256 codes of at most 8 bits.
[[nodiscard]] std::vector<Constraint> affine_constraints();
/// The range fits integers of the type that `param` chooses.
[[nodiscard]] std::vector<Constraint> range_fits(const std::string& param);

/// `first` and then `more`.
template <typename T>
[[nodiscard]] std::vector<T> joined(std::vector<T> first, const std::vector<T>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// Which block an element belongs to.
class BlockGrid {
 public:
  explicit BlockGrid(const Signature& signature)
      : columns_(signature["K"]), rows_(signature["rows"]), group_(signature["group"]) {}

  /// Of the element at row-major position `flat`: the position of its scale and zero point.
  [[nodiscard]] std::int64_t block(std::int64_t flat) const {
    const std::int64_t m = flat / columns_, k = flat % columns_;
    return m / rows_ * (columns_ / group_) + k / group_;
  }

 private:
  std::int64_t columns_, rows_, group_;
};

}  // namespace plumb
