// Where the wrong elements of an output lie: confined to some indices of an axis, to a partial tile, or to some
// residues.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/tensor.h"

namespace plumb {

/// Takes in the wrong elements of one output.
class Where {
 public:
  /// `names`: what each axis is.
  Where(Shape shape, std::vector<std::string> names);

  void add(const std::vector<std::int64_t>& index);

  /// "all at N >= 32 (of 40)", of the axis along which they are confined most tightly, and what that looks like: "the
  /// last partial tile of 16 or 32", or "all at N % 8 >= 4 (of 40)". Empty if they are all over the output, or there
  /// are none.
  [[nodiscard]] std::string describe() const;

 private:
  // An axis: which of its indices have a wrong element.
  struct Axis {
    std::string name;
    std::vector<bool> hit;
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(hit.size()); }
  };
  // Words, and the share of the axis that they leave.
  struct Confinement {
    std::string words;
    double share;
  };
  [[nodiscard]] static Confinement range_of(const Axis& axis);
  [[nodiscard]] static Confinement residues_of(const Axis& axis);

  std::vector<Axis> axes_;
};

}  // namespace plumb
