// The codes of a linear layer's weight, in double, some rows at a time: all at once take 16 times the bytes of nibbles.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "reference/layout/layout.h"
#include "reference/tensor.h"

namespace plumb {

/// Codes [N, K]: all of them, or a way to read them. What is read refers to the tensor it comes from.
class WeightCodes {
 public:
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  /// Reads rows `first`, `first` + 1, … into codes [rows, K].
  using Read = std::function<void(std::int64_t first, std::span<int> codes)>;

  WeightCodes(Matrix all) : extent_{all.rows(), all.cols()}, all_(std::move(all)) {}  // NOLINT: as good as a matrix
  WeightCodes(Extent extent, Read read) : extent_(extent), read_(std::move(read)) {}

  [[nodiscard]] std::int64_t rows() const { return extent_.rows; }
  [[nodiscard]] std::int64_t cols() const { return extent_.columns; }
  [[nodiscard]] Matrix middle_rows(std::int64_t first, std::int64_t count) const;
  [[nodiscard]] Matrix all() const { return middle_rows(0, rows()); }

 private:
  Extent extent_;
  Matrix all_;
  Read read_;
};

/// The codes of a packed weight [N, K]; through a LayoutStandIn if there is one. Throws Error as unpack does.
[[nodiscard]] WeightCodes codes_of(std::string_view layout, Extent extent, const Tensor& packed);
/// Those of a weight that is packed in flat order, of which the last byte need not be full.
[[nodiscard]] WeightCodes flat_codes_of(std::string_view layout, Extent extent, const Tensor& packed);
/// The same codes as [K, N]; of at most 16 bits.
[[nodiscard]] WeightCodes transposed(const WeightCodes& codes);
/// Codes that are integers [N, K] of any type.
[[nodiscard]] WeightCodes integers_of(const Tensor& tensor, Extent extent);

}  // namespace plumb
