// A weight cut into groups that lie side by side, as kernels that work group by group want it.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/builtin.h"

namespace plumb::cpu {

/// Group g holds the elements g * length … of the flattened tensor, or those `count` apart from element g on. Each is
/// followed by zeros up to whole vectors.
class GroupedValues {
 public:
  enum class Order { neighbours, strided };

  /// Input 0 of the call in groups of `length` elements, widened to f32.
  GroupedValues(const Call& call, std::int64_t length, Order order);

  std::int64_t length, count;
  std::int64_t stride;  ///< From one group to the next, a multiple of kPadding.
  static constexpr std::int64_t kPadding = 16;

  [[nodiscard]] float* group(std::int64_t g) { return values_.data() + g * stride; }
  [[nodiscard]] const float* group(std::int64_t g) const { return values_.data() + g * stride; }
  /// Stores whole numbers that the groups hold now as elements of output 0.
  void store_codes(const Call& call) const;

 private:
  // Place of element i of the tensor.
  [[nodiscard]] std::int64_t place(std::int64_t i) const {
    return order_ == Order::neighbours ? i / length * stride + i % length : i % count * stride + i / count;
  }

  Order order_;
  std::vector<float> values_;
};

/// Stores f32 numbers as elements of an output, rounded to its type.
void store_rounded(const Call& call, std::size_t output, const std::vector<float>& values);

}  // namespace plumb::cpu
